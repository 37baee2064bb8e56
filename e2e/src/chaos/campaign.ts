import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { RunOutput } from '@countersign/contracts/runs';
import { millisOf, secondsOf, type Seconds } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from '../simulation/dice.js';
import type { World } from '../world/world.js';
import { Callers, type Send } from './callers.js';
import type { Disturbance, Servers } from './disturbances.js';
import { judge } from './judgement.js';
import { People } from './people.js';
import type { Report } from './report.js';

export interface Campaign {
  stack: string;
  world: World;
  servers?: Servers | undefined;
  /** Where commands can be sent beside the services. */
  send?: Send | undefined;
  disturbances: Readonly<Record<string, readonly [weight: number, Disturbance]>>;
  seed: number;
  minutes: number;
  say(line: string): void;
}

/** Disturbs at random, by the seed, while people work; then lets all come to its end, and judges. */
export async function fight({
  stack,
  world,
  servers,
  send,
  disturbances,
  seed,
  minutes,
  say,
}: Campaign): Promise<Report> {
  const dice = new Dice(seed);
  const people = new People(world, dice, (line) => note(line));
  const callers = new Callers(world, dice, (line) => note(line), send);
  const began = Date.now();
  const since = (): Seconds => secondsOf(Date.now() - began);
  const timeline: Report['timeline'] = [];
  const happened: Record<string, number> = {};
  const note = (what: string) => {
    timeline.push({ at_seconds: Math.round(since()), what });
    say(`${String(Math.round(since())).padStart(5)} s  ${what}`);
  };
  const kinds = Object.entries(disturbances).map(([name, [weight, disturb]]) => [weight, { name, disturb }] as const);

  let rounds = 0;
  for (; Date.now() - began < millisOf(minutes * 60); rounds++) {
    for (let runs = dice.below(3); runs >= 0; runs--) await people.startRun();
    if (dice.oneIn(2)) callers.begin();
    if (dice.oneIn(3)) callers.replaceOne();
    if (dice.oneIn(5)) await people.cancelOne();
    await people.decide();
    await delay(dice.below(800));
    const { name, disturb } = dice.weighted(kinds);
    happened[name] = (happened[name] ?? 0) + 1;
    const about = await disturb({ world, dice, servers }).catch((error: unknown) => `not done: ${String(error)}`);
    note(`${name}: ${about}`);
    if (dice.oneIn(2)) await people.settle();
  }

  const last = Date.now();
  note('no disturbance any more');
  const found = await settleDown(world, people, callers, millisOf(minutes * 60 + 180), note);
  const calls = found.executions.filter(({ id, approval_id }) => id === approval_id);
  const started = new Set([...people.started, ...callers.asked]);
  const { waiting } = callers;
  const { held, violations } = judge({ ...found, ...people, started, waiting, ledger: world.ledger() });
  return {
    stack,
    seed,
    minutes,
    began_at: new Date(began).toISOString(),
    rounds,
    disturbances: happened,
    runs: {
      started: started.size,
      completed: countOf(found.runs, 'COMPLETED'),
      cancelled: countOf(found.runs, 'CANCELLED'),
      failed: countOf(found.runs, 'ERROR'),
    },
    decisions: { approved: verdicts(people, 'approved'), rejected: verdicts(people, 'rejected') },
    calls: {
      by_callers: callers.asked.size,
      starts: world.ledger().filter(({ what }) => what === 'start').length,
      succeeded: countOf(calls, 'succeeded'),
      failed: countOf(calls, 'failed'),
      cancelled: countOf(calls, 'cancelled'),
      outcomes_unknown: calls.flatMap(({ attempts }) => attempts).filter(isUnknown).length,
    },
    dead_letters: await lettersOf(world),
    settled_after_seconds: Math.round(secondsOf(Date.now() - last)),
    held,
    violations,
    timeline,
  };
}

const countOf = (records: readonly { status: string }[], status: string): number =>
  records.filter((each) => each.status === status).length;
const verdicts = ({ decided }: People, verdict: string): number =>
  [...decided.values()].filter((each) => each === verdict).length;
const isUnknown = ({ outcome }: Execution['attempts'][number]): boolean => outcome === 'outcome_unknown';

async function lettersOf(world: World): Promise<Record<string, number>> {
  const letters: Record<string, number> = {};
  for (const { code } of await world.client.letters({ limit: 100 })) {
    const name = code ?? 'without a code';
    letters[name] = (letters[name] ?? 0) + 1;
  }
  return letters;
}

interface Found {
  runs: RunOutput[];
  approvals: Approval[];
  executions: Execution[];
}

/** Everything works again and everybody does what is waited for, until nothing is waited for or the time is over. */
async function settleDown(
  world: World,
  people: People,
  callers: Callers,
  ms: number,
  note: (what: string) => void,
): Promise<Found> {
  await people.survive('all to be ready', () => world.stack.start().then(() => true));
  // What ended while calls were held left them so.
  await people.survive('calls not to be held', () => world.client.turn('resume', null).then(() => true));
  let said = Date.now();
  for (const deadline = said + ms; ;) {
    await people.decide(0);
    await people.settle();
    const found = await people.survive('all to be listed', () => lookAtAll(world));
    const waits = [
      ...callers.waiting,
      ...found.runs.filter(({ status }) => ['PENDING', 'RUNNING', 'PAUSED'].includes(status)),
      ...found.approvals.filter(({ status }) => status === 'pending'),
      ...found.executions.filter(({ status }) =>
        ['queued', 'running', 'reconciling', 'outcome_unknown'].includes(status),
      ),
    ];
    if (Date.now() - said > sayEveryMs) {
      said = Date.now();
      note(`it waits for ${waits.map(nameOf).join(', ')}`);
    }
    if (waits.length === 0 || Date.now() > deadline) return found;
    await delay(500);
  }
}

/** Who ends a campaign before that shall know what it would have waited for. */
const sayEveryMs = 15_000;

const nameOf = (waiting: string | { id: string; status: string } | { run_id: string; status: string }): string => {
  if (typeof waiting === 'string') return waiting;
  return `${'id' in waiting ? waiting.id : `run ${waiting.run_id}`} (${waiting.status})`;
};

async function lookAtAll(world: World): Promise<Found> {
  const { approvals, executions, runs } = world.client;
  return {
    runs: await collected(runs.all({ limit: 100 })),
    approvals: await collected(approvals.all({ limit: 100 })),
    executions: await collected(executions.all({ limit: 100 })),
  };
}

async function collected<T>(from: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of from) all.push(each);
  return all;
}
