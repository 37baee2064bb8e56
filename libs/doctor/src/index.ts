export type { Check, Finding } from './check.js';
export { type Marked, openRecovery } from './recovery.js';
export { environmentChecks } from './environment.js';
export type { LogRebuilt } from './rebuild/log.js';
export { openRebuild, type StoreRebuilt } from './rebuild/rebuild.js';
export type { RecordRebuilt } from './rebuild/record.js';
