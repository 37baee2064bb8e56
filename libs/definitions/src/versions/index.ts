export {
  type Declaration,
  changesBetween,
  declarationOf,
  needsRestart,
  readDeclaration,
  refuseLongActWithin,
  refuseRestart,
  textDigest,
} from './declaration.js';
export { type Difference, differencesBetween } from './differences.js';
