export {
  type Declaration,
  changesBetween,
  declarationOf,
  readDeclaration,
  refuseLongActWithin,
  refuseRestart,
  RestartNeeded,
  textDigest,
} from './declaration.js';
export { type Difference, differencesBetween } from './differences.js';
