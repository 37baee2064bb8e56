export {
  CommandHandler,
  type CommandHandlerOptions,
  type CommandResult,
  type Owned,
} from './commands/command-handler.js';
export { type CommitDiagnostic, committed } from './commands/diagnostics.js';
export { type Decide, type Transition, changed, ignored, rejected } from './commands/transition.js';
export { problemInUri } from './mongodb/uri.js';
export { OutboxRelay } from './outbox/outbox-relay.js';
export { Belongings } from './records/belongings.js';
export { oldestFirst } from './records/oldest-first.js';
export { newRecord, touch } from './records/record.js';
export { type Publication, insert, insertOnce, update } from './records/writes.js';
export type { RetentionPolicy } from './retention/retention-policy.js';
export { SqliteDatabase } from './sqlite/sqlite-store.js';
export {
  type Collection,
  type Commit,
  type Database,
  type Filter,
  type Outbox,
  type Query,
  type Store,
  type StoredRecord,
  VersionConflict,
  recordOf,
} from './store.js';
export { type Claim, Claims } from './work/claims.js';
export { retryUntilStored } from './work/retry-until-stored.js';
export { type Backlog, type Permit, WorkPool } from './work/work-pool.js';
