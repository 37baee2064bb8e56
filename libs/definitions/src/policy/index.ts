export { type PolicySet, evaluate, policySetOf, policyVersion, shadowSetOf } from './evaluate.js';
export { type Backtest, backtest } from './trial/backtest.js';
export { type Explanation, explain } from './trial/explain.js';
export { askersOf } from './quorum/askers.js';
export { type Quorum, mayDecide, quorum } from './quorum/quorum.js';
export { isAtMostAsStrict } from './strictness.js';
export { approvalsOf, strictest } from './terms.js';
export { runPolicyTests } from './trial/tests.js';
