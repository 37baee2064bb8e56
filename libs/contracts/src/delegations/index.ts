export {
  DelegateRequest,
  Delegation,
  DelegationPage,
  isInForce,
  ListDelegationsQuery,
  longestDelegationDays,
} from './delegation.js';
export { deputiesIn, namesOf, oncePerPerson } from './places.js';
