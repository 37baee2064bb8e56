import { eventsTo, services, type Event, type EventName, type ServiceName } from '@countersign/contracts';
import { encode, type Bus, type Message } from '@countersign/messaging';
import type { Outbox, Store } from '@countersign/persistence';
import { openInfrastructure } from '@countersign/service';
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { taskOf, tell } from './child.js';
import { measureAll, type Cycle, type Load } from './load.js';
import { recordCycle } from './recording.js';
import { configFor } from './services.js';

/**
 * What this machine can do at the most: the same records and outboxes written, the same messages sent and received
 * through the same log, the same model calls, in the order that the flow needs. No decisions, no checks, no leases,
 * no reads, nothing that would survive a crash.
 */
const { env, loads } = taskOf<{ env: Record<string, string>; loads: Load[] }>();
const config = configFor(env);
const { collections, modelRequests } = await recordCycle();
const { bus, database, close } = openInfrastructure(config, {
  clientId: 'countersign-limit',
  log: { info() {}, warn: console.error, error: console.error },
  onFatal: (error) => {
    throw error;
  },
});
const model = new OpenAI({ apiKey: 'none', baseURL: env['OPENAI_BASE_URL'] });

/** The n-th write of a collection, as recorded but for its ids, and its messages. */
function writer(name: string, writes: number) {
  const { collection, commits } = collections.get(name)!;
  if (commits.length !== writes) throw new Error(`${commits.length} writes of ${name} in a cycle, not ${writes}`);
  const { store, outbox } = database.collection(collection);
  const forget = forgetter(outbox);
  const messages = commits.map(({ events }) => events.map(encode));
  return async (n: number, run_id: string, id: string): Promise<void> => {
    const commit = commits[n]!;
    const state = { ...commit.state, run_id, [collection.key]: id };
    const events = commit.events.map((event) => ({ ...event, key: run_id, subject: `${name}/${id}` }));
    const unpublished = await (store as Store<typeof state>).commit({ ...commit, state, events });
    if (unpublished.length > 0) void publish(bus, messages[n]!, run_id).then(() => forget(events));
  };
}

const publish = (to: Bus, messages: readonly Message[], key: string): Promise<void> =>
  to.publish(messages.map((message) => ({ ...message, key })));

/** Takes published events out of the outbox, all of those that came while the last were taken out. */
function forgetter(outbox: Outbox): (events: readonly Event[]) => void {
  let waiting: Event[] = [];
  let busy = false;
  return (events) => {
    waiting.push(...events);
    if (busy) return;
    busy = true;
    void (async () => {
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        await outbox.published(batch);
      }
      busy = false;
    })();
  };
}

const expected = new Map<string, () => void>();
const arrival = (service: ServiceName, topic: EventName, run: string): Promise<void> =>
  new Promise((resolve) => expected.set(`${service} ${topic} ${run}`, resolve));
const arrived = (service: ServiceName, topic: string, run: string | null): void => {
  const name = `${service} ${topic} ${run}`;
  expected.get(name)?.();
  expected.delete(name);
};

const writeRun = writer('runs', 5);
const writeApproval = writer('approvals', 3);
const writeExecution = writer('executions', 2);
const subscriptions = services.map((service) =>
  bus.subscribe({
    group: service,
    topics: eventsTo(service).toSorted(),
    handle: async ({ topic, key }) => arrived(service, topic, key),
  }),
);
const ask = (n: number): Promise<unknown> => model.responses.create(modelRequests[n]! as never);

async function cycle(): Promise<Cycle> {
  const run = randomUUID();
  const call = randomUUID();
  const asked = arrival('approval-service', 'tool.approval_required', run);
  await writeRun(0, run, run);
  await ask(0);
  await writeRun(1, run, run);
  await asked;
  await writeApproval(0, run, call);

  const approved = arrival('executor', 'approval.resolved', run);
  const told = arrival('agent-runner', 'approval.resolved', run);
  const executed = arrival('agent-runner', 'tool.execution_completed', run);
  const completed = arrival('approval-service', 'run.completed', run);
  const began = performance.now();
  await writeApproval(1, run, call);
  const confirmed = told.then(() => writeRun(2, run, run));
  await approved;
  await writeExecution(0, run, call);
  await writeExecution(1, run, call);
  await executed;
  await confirmed;
  await writeRun(3, run, run);
  const asking = performance.now();
  await ask(1);
  const answered = performance.now();
  await writeRun(4, run, run);
  void completed.then(() => writeApproval(2, run, call));
  return { resume: performance.now() - began, model: answered - asking };
}

while (!subscriptions.every(({ joined }) => joined)) await new Promise((resolve) => setTimeout(resolve, 50));
tell({ measured: await measureAll(cycle, loads) });
await new Promise((resolve) => setTimeout(resolve, 500));
await close();
process.exit(0);
