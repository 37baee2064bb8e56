export { DelegateRequest, Delegation, DelegationPage, ListDelegationsQuery } from './delegation.js';
export { deputiesIn, namesOf, oncePerPerson } from './places.js';
export { isInForce, longestDelegationDays } from './in-force.js';
