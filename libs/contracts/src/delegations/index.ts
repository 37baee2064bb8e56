export {
  DelegateRequest,
  Delegation,
  DelegationPage,
  isInForce,
  ListDelegationsQuery,
  longestDelegationDays,
} from './delegation.js';
export { namesOf, oncePerPerson } from './places.js';
