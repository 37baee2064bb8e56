import {
  approvalCollection,
  decideApproval,
  Signer,
  unjudged,
  type ApprovalMessage,
  rulesOf,
} from '@countersign/approval-service';
import { approvalId, type Event } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { callDigest } from '@countersign/contracts/calls';
import { systemClock, millisOf, secondsOf } from '@countersign/contracts/time';
import { CommandHandler, SqliteDatabase, type Store } from '@countersign/persistence';
import { pageOf } from '@countersign/service';
import { loadOrCreateKeys } from '@countersign/signing';
import { SqliteFile } from '@countersign/sqlite';
import { taskOf, tell } from '../child.js';
import { quantile } from '../cycles/load.js';

/** Decisions on pending approvals and lists of them, on the embedded store, without HTTP. */
const { directory, seconds, sizes } = taskOf<{ directory: string; seconds: number; sizes: number[] }>();

const file = new SqliteFile(directory);
const { store } = new SqliteDatabase(file).collection(approvalCollection);
const signer = new Signer(() => loadOrCreateKeys(directory));
await signer.open();
const approvals = new CommandHandler<Approval, ApprovalMessage>({
  collection: approvalCollection,
  store,
  decide: decideApproval,
  beforeCommit: signer.sign,
  source: '/bench',
  publish: () => {},
  now: systemClock,
});

let made = 0;

function request(): Event<'tool.approval_required'> {
  const run_id = `run-${(made += 1)}`;
  const tool_args = { service_name: 'auth-service', version: '2.1.0' };
  const call = { run_id, tool_call_id: 'call_0', tool_name: 'deploy_to_production', tool_args };
  const approval_id = approvalId(run_id, 'call_0');
  const user_id = `user-${made % 100}`;
  const ids = { agent_id: 'ops', session_id: run_id, user_id, requested_by: user_id };
  const types = { approval_type: 'required', pause_type: 'external_execution' } as const;
  const tool_execution = {
    ...call,
    ...types,
    approval_id,
    result: null,
    tool_call_error: null,
    requires_confirmation: false,
    confirmed: null,
    confirmation_note: null,
    requires_user_input: false,
    user_input_schema: null,
    answered: null,
    external_execution_required: true,
    redact: [],
  };
  const requirement = {
    id: approval_id,
    confirmation: null,
    confirmation_note: null,
    external_execution_result: null,
    user_input_schema: null,
    tool_execution,
  };
  const digest = callDigest(call);
  const template = {
    source_name: 'Operations',
    parameters: null,
    tool_version: null,
    agent_version: null,
    context: {},
  };
  const data = {
    ...ids,
    ...call,
    ...types,
    ...template,
    approval_id,
    requirement,
    digest,
    salt: null,
    repeated: false,
    run_began_at: null,
    set_back: null,
    annotations: null,
    signature: null,
  };
  const envelope = {
    id: run_id,
    source: '/bench',
    time: '',
    subject: '',
    key: run_id,
    traceparent: null,
    tracestate: null,
  };
  return { ...envelope, type: 'tool.approval_required', data };
}

async function ask(): Promise<string> {
  const event = request();
  const { approval_id } = event.data;
  await approvals.execute(approval_id, { type: 'required', event, policyDecision: unjudged }, { creates: true });
  return approval_id;
}

const decided: ApprovalMessage = {
  type: 'decided',
  verdict: 'approved',
  by: 'ada',
  groups: [],
  resolution_data: { note: 'looks right' },
  rules: rulesOf({ rules: [], default: { approve: true }, groups: {} }),
};
const resolve = async (id: string) => {
  const { kind } = await approvals.execute(id, decided);
  if (kind !== 'changed') throw new Error(`a decision was ${kind}`);
};
/** What the store alone makes of it: a read, and a write of as much by compare-and-set. */
const compareAndSet = async (id: string) => {
  const approval = (await store.get(id))!;
  const state = { ...approval, status: 'approved' as const, version: approval.version + 1 };
  await store.commit({ expected: approval.version, state, events: [] });
};

async function rate(work: (id: string) => Promise<void>, concurrency: number): Promise<number> {
  const pending: string[] = [];
  const enough = 1_500 * (seconds + 1) * Math.min(4, concurrency);
  while (pending.length < enough) pending.push(...(await Promise.all(Array.from({ length: 500 }, ask))));
  let done = 0;
  const began = performance.now();
  const until = began + millisOf(seconds);
  const loop = async () => {
    for (let id = pending.pop(); id !== undefined && performance.now() < until; id = pending.pop()) {
      await work(id);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return done / secondsOf(performance.now() - began);
}

/** As `GET /approvals?status=pending` asks for it, in milliseconds. */
async function listOnce(store: Store<Approval>): Promise<number> {
  const began = performance.now();
  const filter = { status: 'pending', deleted_at: null } as const;
  await pageOf(store, { filter, sort: [['created_at', 'desc']], limit: 100, page: 1 });
  return performance.now() - began;
}

if (seconds > 0) {
  await rate(resolve, 16);
  const resolves = [];
  for (const concurrency of [1, 16, 128]) {
    const product = await rate(resolve, concurrency);
    resolves.push({ concurrency, product, store: await rate(compareAndSet, concurrency) });
  }
  tell({ resolves });
}

for (const size of sizes) {
  let pending = await store.count({ status: 'pending', deleted_at: null });
  for (; pending < size; pending += 500) await Promise.all(Array.from({ length: 500 }, ask));
  const took: number[] = [];
  for (let n = 0; n < 20; n += 1) took.push(await listOnce(store));
  tell({ list: { pending, p50_ms: quantile(took, 0.5), p99_ms: quantile(took, 0.99) } });
}
file.close();
process.exit(0);
