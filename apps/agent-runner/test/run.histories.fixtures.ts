import { parseEventData, type NewEvent } from '@countersign/contracts';
import type { Call, ConversationItem, Run } from '@countersign/contracts/runs';
import { after, type EpochMillis, type Millis } from '@countersign/contracts/time';
import { agentOf } from '@countersign/definitions';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as given from './run.fixtures.js';
import type { RunMessage } from '../src/run/messages.js';
import { decideRun } from '../src/run/run.js';

/** What a run was told and what became of it, step by step. */
export interface History {
  says: string;
  messages: { at: EpochMillis; message: RunMessage }[];
  /** The run after each message, as it is stored. */
  records: Run[];
  /** What each message made the run tell others. */
  events: NewEvent[][];
}

/** The next message, and milliseconds after the one before. */
type Scene = [wait: Millis, message: RunMessage | ((run: Run) => RunMessage)];

/** The next record and its events; of a message that changes nothing the same record and no events. */
export function advance(run: Run | undefined, { at, message }: History['messages'][number]) {
  const transition = decideRun(run, asReceived(message), at);
  if (transition.kind !== 'changed') return { run, events: [] };
  return { run: asStored({ ...transition.state, version: (run?.version ?? 0) + 1 }), events: transition.events };
}

/** An event comes from the log, where the defaults of what came later are added; the others are made here. */
const asReceived = (message: RunMessage): RunMessage =>
  'data' in message ? ({ ...message, data: parseEventData(message.type, message.data) } as RunMessage) : message;
const asStored = (run: Run): Run => JSON.parse(JSON.stringify(run)) as Run;

/** Writes down what the scenes lead to today, unless that was done before. */
export function record(file: URL, says: string, scenes: readonly Scene[]): void {
  if (existsSync(file)) return;
  const history: History = { says, messages: [], records: [], events: [] };
  let at = given.now;
  for (const [wait, next] of scenes) {
    at = after(at, wait);
    const before = history.records.at(-1);
    const step = { at, message: typeof next === 'function' ? next(before!) : next };
    const { run, events } = advance(before, step);
    history.messages.push(step);
    history.records.push(run!);
    history.events.push([...events]);
  }
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(history, null, 2)}\n`, { flag: 'wx' });
}

type Tool = keyof typeof given.tools;
const requested: RunMessage = {
  ...given.requested,
  run: { ...given.requested.run, traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
};
const answers = (names: readonly Tool[], ...items: ConversationItem[]): RunMessage => ({
  ...given.responded(...items),
  agent: agentOf({ ...given.definition, tools: names.map((name) => given.tools[name]) }),
});
/** When version 1 was recorded, the runner made the approved calls of functions. */
const answersOfV1: typeof answers = (names, ...items) => {
  const tools = names.map((name) => given.tools[name]);
  const then = tools.map((tool) =>
    tool.name === 'deploy_to_production' || tool.made_by === 'person' ? tool : { ...tool, made_by: 'runner' as const },
  );
  return { ...given.responded(...items), agent: agentOf({ ...given.definition, tools: then }) };
};
/** A message about the call with this id. */
const of =
  (call_id: string, message: (call: Call) => RunMessage): Scene[1] =>
  (run) =>
    message(given.callIn(run, call_id));
const approved =
  (change: Parameters<typeof given.resolved>[2] = {}) =>
  (call: Call) =>
    given.resolved(call, 'approved', change);

const deploys: Tool[] = ['deploy_to_production'];
const mixed: Tool[] = ['look_up', 'refund', 'grant', 'send'];

type Histories = Record<string, { says: string; scenes: Scene[] }>;

const v1: Histories = {
  approved: {
    says: 'A call of the executor is approved with another version, and made; its approval is heard of twice.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answersOfV1(deploys, given.text('This deploys it.'), given.call('call_a'))],
      [60_000, of('call_a', approved({ tool_args: { service_name: 'auth-service', version: '2.1.1' } }))],
      [10, of('call_a', approved({ tool_args: { service_name: 'auth-service', version: '2.1.1' } }))],
      [5_000, of('call_a', (call) => given.completed(call, 'Deployed auth-service 2.1.1 (was 2.0.4)'))],
      [10, given.claimed],
      [10_000, given.extended],
      [700, answersOfV1(deploys, given.text('It is deployed.'))],
    ],
  },
  rejected: {
    says: 'A person rejects a call; the model needs two tries for its answer.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answersOfV1(deploys, given.call('call_a'), given.call('call_b', 'no service'))],
      [
        60_000,
        of('call_a', (call) => given.resolved(call, 'rejected', { resolution_data: { note: 'Change freeze.' } })),
      ],
      [10, given.claimed],
      [500, given.modelFailed(5_000)],
      [5_000, given.claimed],
      [900, answersOfV1(deploys)],
      [900, answersOfV1(deploys, given.text('It was not deployed: there is a change freeze.'))],
    ],
  },
  mixed: {
    says: 'One turn wants a free call, one to approve, one to fill in, and one that its caller confirms.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [
        900,
        answersOfV1(
          mixed,
          given.callTo('look_up', 'call_l'),
          given.callTo('refund', 'call_r'),
          given.callTo('grant', 'call_g'),
          given.callTo('send', 'call_s'),
        ),
      ],
      [10, { type: 'watched' }],
      [100, of('call_l', (call) => given.callEnded(call, 'Found it.'))],
      [30_000, of('call_r', approved())],
      [10, given.claimed],
      [10, of('call_r', given.callStarted)],
      [10, of('call_s', ({ id }) => given.byCaller({ id, confirmed: true, note: 'Go.' }))],
      [10, of('call_s', given.callStarted)],
      [500, of('call_r', (call) => given.callEnded(call, 'Refunded.'))],
      [500, of('call_s', (call) => given.callEnded(call, 'The mailbox is full.', true))],
      [90_000, of('call_g', approved({ tool_args: { what: 'it', hours: 2, ticket: 'T-1' } }))],
      [10, given.claimed],
      [10, of('call_g', given.callStarted)],
      [500, of('call_g', (call) => given.callEnded(call, 'Granted.'))],
      [700, answersOfV1(mixed, given.text('All but the mail.'))],
    ],
  },
  crashed: {
    says: 'A worker dies while it makes an approved call; another one takes over and does not make it again.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answersOfV1(['refund'], given.callTo('refund', 'call_r'))],
      [60_000, of('call_r', approved())],
      [10, given.claimed],
      [10, of('call_r', given.callStarted)],
      [given.lease_ms, given.other(given.claimed)],
      [100, of('call_r', (call) => given.callEnded(call, 'Refunded.'))],
      [900, given.other(answersOfV1(['refund'], given.text('Nobody knows. Find out.')))],
    ],
  },
  cancelled: {
    says: 'A run is cancelled while one call is being made and another is asked for; how the one ended is noted.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answersOfV1(deploys, given.call('call_a'), given.call('call_b', 'billing'))],
      [60_000, of('call_a', approved())],
      [100, of('call_a', (call) => given.outcomeUnknown(call))],
      [900, given.cancelRequested],
      [10, of('call_b', approved())],
      [5_000, of('call_a', (call) => given.completed(call, 'Deployed.'))],
      [10, of('call_a', (call) => given.completed(call, 'Deployed.'))],
    ],
  },
  late: {
    says: 'A run waits for its turn in the session, then for an approval that does not come before its deadline.',
    scenes: [
      [0, given.withDeadline(after(given.now, 60_000))],
      [20, given.claimed],
      [10, given.postponed],
      [1_000, { type: 'turn_came' }],
      [10, given.claimed],
      [10, given.released],
      [10, given.claimed],
      [900, answersOfV1(deploys, given.call('call_a'))],
      [60_000, given.claimed],
      [10, of('call_a', approved())],
    ],
  },
};

const v2: Histories = {
  functions: {
    says: 'Two functions are approved, one with what a person filled in; the executor makes both, and does not know of one.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answers(mixed, given.callTo('refund', 'call_r'), given.callTo('grant', 'call_g'))],
      [30_000, of('call_r', approved())],
      [10, of('call_g', approved({ tool_args: { what: 'it', hours: 2, ticket: 'T-1' } }))],
      [500, of('call_r', (call) => given.outcomeUnknown(call, 'not done within 600 s'))],
      [500, of('call_g', (call) => given.completed(call, 'Granted.'))],
      [90_000, of('call_r', (call) => given.completed(call, 'A person looked into it.'))],
      [10, given.claimed],
      [700, answers(mixed, given.text('Both are done.'))],
    ],
  },
};

const v3: Histories = {
  retried: {
    says: 'After an approved call the key is refused, then the request; somebody has the run tried again.',
    scenes: [
      [0, requested],
      [20, given.claimed],
      [900, answers(deploys, { ...given.call('call_a'), call_id: '' })],
      [60_000, of('call_0_0', approved())],
      [500, of('call_0_0', (call) => given.completed(call, 'Deployed.'))],
      [10, given.claimed],
      [500, { ...given.modelFailed(30_000), code: 'model_unauthorized' } as RunMessage],
      [30_000, given.claimed],
      [500, { ...given.modelFailed(null), code: 'model_input_too_large' } as RunMessage],
      [60_000, { type: 'retry_requested', deadline_at: null }],
      [10, given.claimed],
      [700, answers(deploys, given.text('It is deployed.'))],
    ],
  },
};

/** What happened in each of the histories, by the version that recorded them. */
export const histories: Record<string, Histories> = { v1, v2, v3 };
