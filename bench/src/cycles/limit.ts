import { actingServices, eventsTo, type EventName, type ServiceName } from '@countersign/contracts';
import { openInfrastructure } from '@countersign/service';
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { taskOf, tell } from '../child.js';
import { measureAll, type Cycle, type Load } from './load.js';
import { recordCycle } from './recording.js';
import { configFor } from './services.js';
import { writerOf } from './writes.js';

/**
 * What this machine can do at the most: the same records and outboxes written, the same messages sent and received
 * through the same log, the same model calls, in the order that the flow needs. No decisions, no checks, no leases,
 * no reads, nothing that would survive a crash.
 */
const { env, loads } = taskOf<{ env: Record<string, string>; loads: Load[] }>();
const config = configFor(env);
const recording = await recordCycle();
const infrastructure = await openInfrastructure(config, {
  clientId: 'countersign-limit',
  log: { info() {}, warn: console.error, error: console.error },
  onFatal: (error) => {
    throw error;
  },
});
const { bus, close } = infrastructure;
const model = new OpenAI({ apiKey: 'none', baseURL: env['OPENAI_BASE_URL'] });

const expected = new Map<string, () => void>();
const arrival = (service: ServiceName, topic: EventName, run: string): Promise<void> =>
  new Promise((resolve) => expected.set(`${service} ${topic} ${run}`, resolve));
const arrived = (service: ServiceName, topic: string, run: string | null): void => {
  const name = `${service} ${topic} ${run}`;
  expected.get(name)?.();
  expected.delete(name);
};

const writeRun = writerOf(recording, infrastructure, 'runs', 5);
const writeApproval = writerOf(recording, infrastructure, 'approvals', 3);
const writeExecution = writerOf(recording, infrastructure, 'executions', 2);
const subscriptions = actingServices.map((service) =>
  bus.subscribe({
    group: service,
    topics: eventsTo(service).toSorted(),
    handle: async ({ topic, key }) => arrived(service, topic, key),
  }),
);
const ask = (n: number): Promise<unknown> => model.responses.create(recording.modelRequests[n]! as never);

async function cycle(): Promise<Cycle> {
  const run = randomUUID();
  const call = randomUUID();
  const required = arrival('approval-service', 'tool.approval_required', run);
  await writeRun(0, run, run);
  await ask(0);
  await writeRun(1, run, run);
  await required;
  await writeApproval(0, run, call);

  const approved = arrival('executor', 'approval.resolved', run);
  const resumed = arrival('agent-runner', 'approval.resolved', run);
  const executed = arrival('agent-runner', 'tool.execution_completed', run);
  const completed = arrival('approval-service', 'run.completed', run);
  const began = performance.now();
  await writeApproval(1, run, call);
  const confirmed = resumed.then(() => writeRun(2, run, run));
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
