export { type PolicySet, evaluate, policySetOf, policyVersion, shadowSetOf } from './evaluate.js';
export { backtest } from './trial/backtest.js';
export { explain } from './trial/explain.js';
export { askersOf } from './quorum/askers.js';
export { type Quorum, mayDecide, quorum } from './quorum/quorum.js';
export { isAtMostAsStrict } from './strictness.js';
export { approvalsOf, strictest } from './terms.js';
export { runPolicyTests } from './trial/tests.js';
