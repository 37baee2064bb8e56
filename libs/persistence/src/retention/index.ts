export { type ExpiredRecords, removeExpired } from './expired-records.js';
export { removeAll, removeBelongings } from './retention-policy.js';
