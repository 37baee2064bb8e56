export { canonicalJson } from './canonical-json.js';
export { isExactNumber } from './exact-number.js';
export {
  type StrictJson,
  type StrictJsonCode,
  type StrictJsonOptions,
  type StrictJsonProblem,
  maxDepth,
  parseStrictJson,
} from './strict-json.js';
