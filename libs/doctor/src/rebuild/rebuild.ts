import type { Log } from '@countersign/contracts';
import { atMillis, type EpochMillis } from '@countersign/contracts/time';
import type { Bus } from '@countersign/messaging';
import { insertOnce, type Database, type Store, type StoredRecord } from '@countersign/persistence';
import { openInfrastructure, readConfig, serviceSettings } from '@countersign/service';
import {
  DecisionGuard,
  openRequestVerifier,
  openResultVerifier,
  openVerifier,
  RequestGuard,
  requestSigningSettings,
  requestVerifyingSettings,
  resultSigningSettings,
  resultVerifyingSettings,
  signingSettings,
  verifyingSettings,
} from '@countersign/signing';
import { ResultGuard } from '@countersign/signing/results';
import { z } from 'zod';
import type { Env } from '../environment.js';
import { mostNamed, type NotBelieved, type Proofs } from './history.js';
import { logFromStore, type LogRebuilt } from './log.js';
import { readLog } from './read-log.js';
import { recordFromTopic, type RecordRebuilt } from './record.js';
import { approvalsOf, executionsOf, runsOf } from './records.js';
import { markAsPast, recordsIn } from './stores.js';

const Settings = z.object({
  ...serviceSettings,
  ...signingSettings,
  ...verifyingSettings,
  ...resultSigningSettings,
  ...resultVerifyingSettings,
  ...requestSigningSettings,
  ...requestVerifyingSettings,
  EXECUTION_HOLD: z.string().optional(),
});
type Settings = z.infer<typeof Settings>;

const silent: Log = { info() {}, warn() {}, error() {} };
/** So many records are written at once. */
const written = 100;

interface RebuildOptions {
  dryRun: boolean;
  /** What was decided, and what ended, after that time is left out; what was executed is not. */
  until?: EpochMillis | undefined;
  /** Told now and then how much of the log is read, from 0 to 1. */
  progress?: ((share: number) => void) | undefined;
}

interface Count {
  /** Records that the store does not have, and gets unless it is a dry run. */
  rebuilt: number;
  /** Records that the store has, which stay as they are. */
  there: number;
}

/** What a store gets from a log. */
export interface StoreRebuilt {
  dry_run: boolean;
  until_ms: number | null;
  /** Epoch milliseconds of the oldest message; what is older the log has lost. */
  log_since_ms: number | null;
  messages: number;
  unreadable: number;
  runs: Count;
  approvals: Count;
  executions: Count;
  /** Ids of calls whose outcome a person has to find out. */
  outcome_unknown: string[];
  /** Ids of runs that were under way, which cannot go on. */
  runs_lost: string[];
  /** The first of them. */
  not_believed: NotBelieved[];
  not_believed_count: number;
}

export interface Rebuild {
  store(options: RebuildOptions): Promise<StoreRebuilt>;
  log(options: Omit<RebuildOptions, 'progress'>): Promise<LogRebuilt>;
  /** @param trust the key of the record, as `audit key` showed it */
  record(options: { dryRun: boolean; trust: string }): Promise<RecordRebuilt>;
  close(): Promise<void>;
}

/** Works on the log and the store that this environment names, while no service does. @throws DataInUse */
export async function openRebuild(env: Env): Promise<Rebuild> {
  const settings = readConfig(Settings, env);
  const options = { clientId: 'countersign-rebuild', log: silent, onFatal() {} };
  const { bus, database, close } = await openInfrastructure({ ...settings, PORT: 0 }, options);
  const held = (dryRun: boolean) => {
    if (!dryRun && !settings.EXECUTION_HOLD)
      throw new Error('EXECUTION_HOLD is not set. Set it here and for every executor first, or try with --dry-run.');
  };
  const note = settings.EXECUTION_HOLD ?? '';
  return {
    async store(rebuild) {
      held(rebuild.dryRun);
      return storeFromLog({ bus, database, proofs: await proofsOf(settings), note }, rebuild);
    },
    async log(rebuild) {
      held(rebuild.dryRun);
      return logFromStore({ database, note }, rebuild);
    },
    record: (options) => recordFromTopic({ bus, database }, options),
    close,
  };
}

interface Parts {
  bus: Pick<Bus, 'lag' | 'read'>;
  database: Database;
  proofs: Proofs;
  /** Why nothing is executed meanwhile. */
  note: string;
}

/** Adds what the log proves and the store lacks; what the store has stays as it is. */
async function storeFromLog(
  { bus, database, proofs, note }: Parts,
  { dryRun, until, progress }: RebuildOptions,
): Promise<StoreRebuilt> {
  const { runs, approvals, executions } = recordsIn(database);
  const none = { rebuilt: 0, there: 0 };
  const found: StoreRebuilt = {
    dry_run: dryRun,
    until_ms: until ?? null,
    log_since_ms: null,
    messages: 0,
    unreadable: 0,
    runs: none,
    approvals: none,
    executions: none,
    outcome_unknown: [],
    runs_lost: [],
    not_believed: [],
    not_believed_count: 0,
  };
  let isMarked = dryRun;
  for await (const { history, messages, unreadable } of readLog(bus, { proofs, until, progress })) {
    if (!isMarked) await markAsPast(database, note);
    isMarked = true;
    const calls = executionsOf(history);
    const unknown = calls.filter(({ status }) => status === 'outcome_unknown');
    const lost = [...history.started.keys()].filter((id) => !history.ended.has(id));
    if (history.since !== undefined) found.log_since_ms = Math.min(found.log_since_ms ?? history.since, history.since);
    found.messages += messages;
    found.unreadable += unreadable;
    found.runs = sum(found.runs, await addTo(runs, runsOf(history), ({ run_id }) => run_id, dryRun));
    found.approvals = sum(found.approvals, await addTo(approvals, approvalsOf(history), ({ id }) => id, dryRun));
    found.executions = sum(found.executions, await addTo(executions, calls, ({ id }) => id, dryRun));
    name(found.outcome_unknown, ...unknown.map(({ id }) => id));
    name(found.runs_lost, ...lost);
    name(found.not_believed, ...history.notBelieved);
    found.not_believed_count += history.refused;
  }
  return found;
}

const sum = (one: Count, other: Count): Count => ({
  rebuilt: one.rebuilt + other.rebuilt,
  there: one.there + other.there,
});

const name = <T>(named: T[], ...more: T[]): void => void named.push(...more.slice(0, mostNamed - named.length));

async function addTo<R extends StoredRecord>(
  store: Store<R>,
  records: readonly R[],
  idOf: (record: R) => string,
  dryRun: boolean,
): Promise<Count> {
  const isThere = async (record: R) =>
    dryRun ? (await store.get(idOf(record))) !== undefined : !(await insertOnce(store, record));
  let there = 0;
  for (let n = 0; n < records.length; n += written)
    there += (await Promise.all(records.slice(n, n + written).map(isThere))).filter(Boolean).length;
  return { rebuilt: records.length - there, there };
}

async function proofsOf(settings: Settings): Promise<Proofs> {
  const embeddedIn = settings.KAFKA_BROKERS ? undefined : settings.DATA_DIR;
  // Whether it came in time to be acted on is no question here.
  const decisions = new DecisionGuard(
    () => openVerifier(settings, embeddedIn),
    () => atMillis(0),
  );
  const results = new ResultGuard(() => openResultVerifier(settings, embeddedIn));
  const requests = new RequestGuard(settings.APPROVAL_REQUESTS, () => openRequestVerifier(settings, embeddedIn));
  await Promise.all([decisions.open(), results.open(), requests.open()]);
  return {
    decision: ({ data }) => decisions.problemWith(data),
    result: (event) => results.problemWith(event),
    end: (event) => requests.problemWithEnd(event),
  };
}
