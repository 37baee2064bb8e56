import { eventNames, type EventName, type ServiceName } from '@countersign/contracts';
import { setTimeout as delay } from 'node:timers/promises';
import { forged, signedWithUnknownKey } from '../gate/forgery.js';
import type { Dice } from '../simulation/dice.js';
import { readAll, serviceNames, type CrashPoint } from '../world/stack.js';
import type { World } from '../world/world.js';

/** What a campaign disturbs: the processes, and the servers behind them if there are any. */
interface Field {
  world: World;
  dice: Dice;
  servers?: Servers | undefined;
}

export interface Servers {
  restartBroker(): Promise<void>;
  restartDatabase(): Promise<void>;
  /** What is in a topic is gone, as of a retention that was too short. */
  emptyTopic(topic: string): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  /** The broker is again what it was when it was restarted last: what was published since is gone for everybody. */
  setBack(): Promise<string>;
}

/** @returns what was done, for the report. */
export type Disturbance = (field: Field) => Promise<string>;

export const leaseMs = 2_000;

const points: readonly EventName[] = [
  'run.started',
  'approval.created',
  'tool.approval_required',
  'approval.resolved',
  'tool.execution_started',
  'tool.execution_completed',
  'run.continued',
  'run.completed',
];

/** One that listens; a process that is being started is no target yet. */
function anyChild({ world, dice }: Field, service: ServiceName) {
  const child = dice.pick(world.stack.children(service));
  if (!child) throw new Error(`no ${service} runs`);
  return child;
}
const anyService = ({ dice }: Field): ServiceName => dice.pick(serviceNames)!;

const killed: Disturbance = async (field) => {
  const service = anyService(field);
  await anyChild(field, service).kill();
  await field.world.stack.start();
  return service;
};

/** Whichever process comes to this point first; what waits for it may end it before it is ready. */
const killedAt: Disturbance = async ({ world, dice }) => {
  const point = `${dice.one('committing', 'committed', 'published')} ${dice.pick(points)!}` as CrashPoint;
  world.stack.crashAt(point);
  return point;
};

/** Halted for longer than its lease, and then it goes on as if nothing were. */
const halted: Disturbance = async (field) => {
  const service = anyService(field);
  const child = anyChild(field, service);
  const ms = leaseMs * (1 + 2 * field.dice.next());
  child.signal('SIGSTOP');
  await delay(ms);
  child.signal('SIGCONT');
  return `${service} for ${Math.round(ms)} ms`;
};

const stopped: Disturbance = async (field) => {
  const service = anyService(field);
  await field.world.stack.stop(service);
  await field.world.stack.start();
  return service;
};

/** A log that is said again as a whole would double each time. */
const most = 500;

/** What the log has is said once more, and decisions that nobody took are among it. */
const replayed: Disturbance = async ({ world }) => {
  const { data } = await world.client.approvals.list({ status: 'pending', limit: 50 });
  const nobodys = await Promise.all(
    data.map(async (approval) => [
      forged(approval),
      forged(approval, { signature: await signedWithUnknownKey(approval) }),
    ]),
  );
  return world.stack.withBus(async (bus) => {
    const said = (await readAll(bus, eventNames)).slice(-most);
    await bus.publish(nobodys.flat());
    await bus.publish(said.map(({ topic, key, headers, value }) => ({ topic, key, headers, value })));
    return `${said.length} messages, ${nobodys.flat().length} forged`;
  });
};

/** Every service reads the log from its beginning. */
const rewound: Disturbance = async ({ world }) => {
  await world.stack.stop();
  await world.stack.rewind();
  await world.stack.start();
  return 'every group';
};

const held: Disturbance = async ({ world, dice }) => {
  await world.client.turn('pause', null);
  await delay(dice.below(2_000));
  await world.client.turn('resume', null);
  return 'all tools';
};

const broker: Disturbance = async ({ servers }) => {
  await servers!.restartBroker();
  return 'the only broker';
};

const database: Disturbance = async ({ servers }) => {
  await servers!.restartDatabase();
  return 'the only server';
};

/** What somebody waits for: requests, decisions, outcomes and ends. */
const awaited: readonly EventName[] = [
  'tool.approval_required',
  'approval.resolved',
  'tool.execution_completed',
  'tool.execution_failed',
  'tool.execution_outcome_unknown',
  'run.cancelled',
];

/** A topic is emptied while a service that reads it is away, so that it never reads some of it. */
const lost: Disturbance = async (field) => {
  const { dice, servers, world } = field;
  const [service, topic] = [anyService(field), dice.pick(awaited)!];
  await world.stack.kill(service);
  await delay(dice.below(1_500));
  await servers!.emptyTopic(topic);
  await world.stack.start();
  return `${topic} while ${service} was away`;
};

/** Somebody deletes a topic, read or not, while all are at work. */
const deleted: Disturbance = async ({ dice, servers }) => {
  const topic = dice.pick(awaited)!;
  await servers!.deleteTopic(topic);
  return topic;
};

const setBack: Disturbance = ({ servers }) => servers!.setBack();

export const everywhere: Readonly<Record<string, readonly [weight: number, Disturbance]>> = {
  killed: [4, killed],
  'killed at': [4, killedAt],
  halted: [3, halted],
  stopped: [2, stopped],
  replayed: [1, replayed],
  rewound: [1, rewound],
  'kill switch': [1, held],
};

export const onServers: typeof everywhere = {
  ...everywhere,
  'broker restarted': [2, broker],
  'database restarted': [1, database],
  'messages lost': [2, lost],
  'topic deleted': [2, deleted],
  'log set back': [3, setBack],
};
