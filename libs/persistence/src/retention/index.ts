export { type ExpiredRecords, removeExpired } from './expired-records.js';
