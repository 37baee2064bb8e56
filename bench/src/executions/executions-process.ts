import { decode, encode, type Bus, type Subscription } from '@countersign/messaging';
import { openInfrastructure, serve } from '@countersign/service';
import { setTimeout as delay } from 'node:timers/promises';
import { approvedCalls } from '../approvals/approved.js';
import { taskOf, tell } from '../child.js';
import { measureAll, type Cycle, type Load } from '../cycles/load.js';
import { recordCycle } from '../cycles/recording.js';
import { configFor, createServices } from '../cycles/services.js';
import { writerOf } from '../cycles/writes.js';

/**
 * Executions of calls that take no time, from the approval in the log to the result in the log: by the executor, or by
 * as many writes and messages with nothing between them.
 */
const { env, way, loads } = taskOf<{ env: Record<string, string>; way: 'product' | 'limit'; loads: Load[] }>();
const config = configFor(env);

const completed = new Map<string, () => void>();
/** A consumer as any platform's: a tail of the log rests now and then, which would be measured as well. */
const consumer = (bus: Bus): Subscription =>
  bus.subscribe({
    group: 'bench',
    topics: ['tool.execution_completed'],
    handle: async ({ key }) => void (key !== null && completed.get(key)?.()),
  });

interface Measurable {
  bus: Bus;
  subscriptions: Subscription[];
  /** Leaves the group, so that whoever is measured next has it to itself. */
  stop(): Promise<void>;
}

/** The executor. */
async function product(): Promise<Measurable> {
  let bus: Bus | undefined;
  const { stop } = await serve(config, [
    (context) => {
      bus = context.bus;
      return createServices(config).executor(context);
    },
  ]);
  return { bus: bus!, subscriptions: [consumer(bus!)], stop };
}

/** The same records and messages, as they were recorded but for their ids. */
async function limit(): Promise<Measurable> {
  const recording = await recordCycle();
  const infrastructure = await openInfrastructure(config, {
    clientId: 'countersign-limit',
    log: { info() {}, warn: console.error, error: console.error },
    onFatal: (error) => {
      throw error;
    },
  });
  const write = writerOf(recording, infrastructure, 'executions', 2);
  const { bus, close } = infrastructure;
  const seen = new Set<string>();
  const subscription = bus.subscribe({
    group: 'executor',
    topics: ['approval.resolved'],
    handle: async (delivery) => {
      const { run_id, approval_id } = decode(delivery).data as { run_id: string; approval_id: string };
      if (seen.has(run_id)) return;
      seen.add(run_id);
      await write(0, run_id, approval_id);
      await write(1, run_id, approval_id);
    },
  });
  return { bus, subscriptions: [subscription, consumer(bus)], stop: close };
}

const { bus, subscriptions, stop } = await (way === 'product' ? product() : limit());
while (!subscriptions.every(({ joined }) => joined)) await delay(50);
/** More than anything here can execute in that time. A store that is younger than a decision has a person look at it. */
const prepared = await approvedCalls(
  env['DECISION_SIGNING_KEYS']!,
  loads.reduce((sum, { warmUp, seconds }) => sum + (warmUp + seconds) * 4_000, 10_000),
);
async function execute(): Promise<Cycle> {
  const event = prepared.pop();
  if (!event) throw new Error('more approvals have to be prepared');
  const { promise, resolve } = Promise.withResolvers<void>();
  completed.set(event.key, resolve);
  const began = performance.now();
  await bus.publish([encode(event)]);
  await promise;
  completed.delete(event.key);
  return { resume: performance.now() - began };
}

const measured = await measureAll(execute, loads);
await stop();
tell({ measured });
process.exit(0);
