import { callDigest } from '@countersign/contracts/calls';
import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import { after } from '@countersign/contracts/time';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Adapter, Outcome, Watch } from '../adapters/adapter.js';
import { terms } from '../../test/execution.fixtures.js';
import { approval, ExecutorWorld, id, secret, soon } from '../../test/executor.fixtures.js';

describe('a call that is being made', () => {
  let world: ExecutorWorld;
  beforeEach(() => (world = new ExecutorWorld()));
  afterEach(() => world.close());
  const call = () => world.adapter.calls.at(-1)!;

  it('has a number, and tells what it prints and how far it is', async () => {
    await world.open({ leaseMs: 30 }).executor.accept(approval);
    expect(call().call).toMatchObject({ id, attempt: 1, started_at: world.clock });
    call().watch.progress({ output: 'pulling\n', percent: 40 });
    call().watch.progress({ output: 'starting\n', message: 'starting' });
    await expect
      .poll(() => world.told, soon)
      .toMatchObject([
        {
          id: `executions/${id}/progress/1/0`,
          type: 'tool.execution_progress',
          key: approval.data.run_id,
          data: { attempt: 1, sequence: 0, output: 'pulling\nstarting\n', offset: 0, percent: 40, message: 'starting' },
        },
      ]);
    const progress = { percent: 40, message: 'starting' };
    await expect.poll(() => world.execution(), soon).toMatchObject({ progress });
    call().end.resolve({ outcome: 'succeeded', result: 'Done.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded', progress: null });
  });

  it.each([
    ['was taken on', 1],
    ['began', 2],
  ])('is examined by the version that is in force when it %s', async (_, look) => {
    let looks = 0;
    const configuration = {
      digest: 'first',
      async fresh() {
        looks += 1;
        if (looks !== look) return;
        configuration.digest = 'second';
        const { definition } = world.tools.get('deploy_to_production')!;
        const parameters = { type: 'object', required: ['reason'] };
        world.declare('deploy_to_production', { definition: { ...definition!, parameters } });
      },
    };
    const { executor, pool } = world.open({ configuration });
    pool.start();
    await executor.accept(approval);
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'failed' });
    expect((await world.execution()).error).toMatch(/changed|parameters/);
    expect(world.adapter.calls).toEqual([]);
  });

  it('is neither taken on nor refused where another version is in force than the file says', async () => {
    const away = async () => {
      throw new RetryableError('the file here is another');
    };
    const { executor } = world.open({ configuration: { digest: 'first', fresh: away } });
    await expect(executor.accept(approval)).rejects.toThrow('the file here is another');
    expect(await world.store.get(id)).toBeUndefined();
  });

  it('waits when it is not known any more, right before the effect, which version is in force', async () => {
    let looks = 0;
    const fresh = async () => {
      looks += 1;
      if (looks > 1) throw new RetryableError('the file here is another');
    };
    const { executor, pool } = world.open({ configuration: { digest: 'first', fresh } });
    pool.start();
    await executor.accept(approval);
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'queued', held_by: { code: 'retry' } });
    world.clock = after(world.clock, 60_000);
    await expect.poll(() => looks, soon).toBeGreaterThan(2);
    expect(await world.execution()).toMatchObject({ status: 'queued' });
    expect(world.adapter.calls).toEqual([]);
  });

  it('has an outcome although what it returned is too large for an event', async () => {
    await world.open().executor.accept(approval);
    call().end.resolve({ outcome: 'succeeded', result: '\0'.repeat(200_000) });
    const result = '[its result is too large for one event]';
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded', result });
  });

  it('may say nonsense about how far it is, and is made all the same', async () => {
    await world.open().executor.accept(approval);
    call().watch.progress({ percent: 40, message: 'pulling' });
    const nonsense = { output: 7, percent: 0 / 0, message: {} } as unknown as Parameters<Watch['progress']>[0];
    call().watch.progress(nonsense);
    call().watch.progress({ percent: 1 / 0 });
    await expect
      .poll(() => world.told, soon)
      .toMatchObject([{ data: { output: '', percent: 40, message: 'pulling' } }]);
    call().end.resolve({ outcome: 'succeeded', result: 'Done.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded' });
  });

  it('has all of its output stored, in order, before its outcome', async () => {
    await world.open().executor.accept(approval);
    for (const n of Array(60).keys()) call().watch.progress({ output: `${n}\n` });
    const running = await world.outputs.read(await world.execution(), 1);
    expect(running).toMatchObject({ execution_id: id, attempt: 1, complete: false });
    call().end.resolve({ outcome: 'succeeded', result: '59', truncated: true });
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        result: `59\n[all of it: GET /executions/${id}/output]`,
      });
    const text = [...Array(60).keys()].map((n) => `${n}\n`).join('');
    expect(await world.outputs.read(await world.execution(), 1)).toMatchObject({
      text,
      total_characters: text.length,
      complete: true,
    });
  });

  it('may print more than is kept: the beginning is there, and how much there was', async () => {
    await world.open().executor.accept(approval);
    call().watch.progress({ output: 'x'.repeat(900) });
    call().watch.progress({ output: 'y'.repeat(120_000) });
    call().end.resolve({ outcome: 'succeeded', result: 'Done.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded' });
    const output = await world.outputs.read(await world.execution(), 1);
    expect(output).toMatchObject({ total_characters: 120_900, complete: false });
    expect(output.text).toBe('x'.repeat(900) + 'y'.repeat(100));
    const told = world.told.map(({ data }) => data as { output: string; offset: number });
    let printed = '';
    for (const { output, offset } of told) {
      expect(offset).toBe(printed.length);
      printed += output;
    }
    expect(printed).toHaveLength(120_900);
    expect(Math.max(...told.map(({ output }) => output.length))).toBeLessThanOrEqual(50_000);
  });

  it('is stopped when somebody asks for it, on whichever instance', async () => {
    await world.open({ leaseMs: 60 }).executor.accept(approval);
    await world.executions.handle(id, { type: 'cancel_requested', by: 'ada', reason: 'Wrong version.' });
    await expect.poll(() => call().watch.signal.aborted, soon).toBe(true);
    expect(call().watch.signal.reason).toMatchObject({ message: 'cancelled by ada: Wrong version.' });
    call().end.resolve({ outcome: 'unknown', reason: 'stopped while it was running' });
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'outcome_unknown',
        cancel: { by: 'ada', note: 'Wrong version.' },
      });
  });

  it('is stopped when another worker makes it instead', async () => {
    const idempotent = { terms: () => ({ ...terms, semantics: 'idempotent' as const }) };
    await world.open({ leaseMs: 60, tool: idempotent }).executor.accept(approval);
    const first = world.adapter.calls[0]!;
    const { lease } = await world.execution();
    await world.executions.handle(id, { type: 'lost', worker: lease!.worker, reason: 'it slept' });
    await expect.poll(() => first.watch.signal.aborted, soon).toBe(true);
    expect(first.watch.signal.reason).toMatchObject({ message: 'another worker has taken the call over' });
  });

  it('goes on when it was given up and nobody makes it instead: what comes of it helps whoever finds out', async () => {
    await world.open({ leaseMs: 60 }).executor.accept(approval);
    const { lease } = await world.execution();
    await world.executions.handle(id, { type: 'lost', worker: lease!.worker, reason: 'it slept' });
    const seen = (await world.execution()).version;
    call().end.resolve({ outcome: 'failed', error: 'exit code 1' });
    await expect.poll(async () => (await world.execution()).version, soon).toBe(seen + 1);
    expect(call().watch.signal.aborted).toBe(false);
    expect(await world.execution()).toMatchObject({ attempts: [{ late_report: 'failed: exit code 1' }] });
  });
});

describe('a call that was claimed and has not begun', () => {
  let world: ExecutorWorld;
  let ready: PromiseWithResolvers<void>;
  const made: string[] = [];
  /** What takes time before the effect, such as a connection. */
  const adapter: Adapter = {
    async execute({ id }, watch) {
      await ready.promise;
      await watch.lastLook();
      made.push(id);
      return { outcome: 'succeeded', result: 'Deployed.' };
    },
  };
  beforeEach(() => {
    [world, ready] = [new ExecutorWorld(), Promise.withResolvers()];
    made.length = 0;
  });
  afterEach(() => world.close());

  it('is held by a switch that is turned meanwhile', async () => {
    await world.open({ tool: { adapter } }).executor.accept(approval);
    expect(await world.execution()).toMatchObject({ status: 'running' });
    const { tool_name } = approval.data;
    await world.switches.turn({ type: 'paused', tool_name, reason: 'Stop.', by: 'ada', at: world.clock });
    ready.resolve();
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({ status: 'queued', attempts: [{ begun: false }], held_by: { code: 'kill_switch' } });
    expect(made).toEqual([]);
  });

  it('is not begun any more once it was given up and settled, and says so where people see it', async () => {
    await world.open({ tool: { adapter }, leaseMs: 3_600_000 }).executor.accept(approval);
    world.clock = after(world.clock, 3_600_000);
    await world.executions.handle(id, { type: 'due' });
    await world.executions.handle(id, { type: 'settled', by: 'ada', outcome: 'failed', note: 'Not there.' });
    ready.resolve();
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({ status: 'failed', attempts: [{ late_report: expect.stringContaining('not begun') }] });
    expect(made).toEqual([]);
  });

  it('is not begun any more once it was cancelled', async () => {
    await world.open({ tool: { adapter }, leaseMs: 3_600_000 }).executor.accept(approval);
    world.clock = after(world.clock, 2_000);
    await world.executions.handle(id, { type: 'cancel_requested', by: 'ada', reason: 'Wrong version.' });
    ready.resolve();
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'cancelled' });
    expect(made).toEqual([]);
  });
});

describe('what a call says, by whatever adapter,', () => {
  let world: ExecutorWorld;
  beforeEach(() => (world = new ExecutorWorld()));
  afterEach(() => world.close());
  const { data } = approval;
  const tool_args = { ...data.tool_args, note: 'for Ada only', pin: 48_151_623, deep: [{ of: 'lies deep' }] };
  const redacting = {
    ...approval,
    data: {
      ...data,
      tool_args,
      redact: ['note', 'pin', 'deep'],
      digest: callDigest({ ...data, tool_args }),
    },
  };
  const inside = [secret, encodeURIComponent(secret), 'for Ada only', 'for%20Ada%20only', '48151623', 'lies deep'];
  const all = inside.join(' | ');
  const hidden = inside.map(() => '***').join(' | ');

  it.each<[string, Outcome, object]>([
    ['result', { outcome: 'succeeded', result: all }, { result: hidden }],
    ['error', { outcome: 'failed', error: all }, { error: hidden, attempts: [{ reason: hidden }] }],
    ['unknown outcome', { outcome: 'unknown', reason: all }, { error: hidden, attempts: [{ reason: hidden }] }],
  ])('has no secret and no redacted value in its %s', async (_, outcome, record) => {
    await world.open().executor.accept(redacting);
    world.adapter.calls[0]!.end.resolve(outcome);
    await expect.poll(() => world.execution(), soon).toMatchObject({ ...record, lease: null });
    const { tool_args: _args, ...said } = await world.execution();
    expect(inside.filter((each) => JSON.stringify([said, world.published.slice(1)]).includes(each))).toEqual([]);
  });

  it('has none in its progress and its output, also where that comes in pieces', async () => {
    await world.open().executor.accept(redacting);
    const { watch, end } = world.adapter.calls[0]!;
    watch.progress({ message: `logged in with ${secret}` });
    for (const piece of ['hunter2', '-hunt', 'er2 and for A', 'da only', ' and hunter2'])
      watch.progress({ output: piece });
    end.resolve({ outcome: 'succeeded', result: 'Done.' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded' });
    expect(await world.outputs.read(await world.execution(), 1)).toMatchObject({ text: '*** and *** and hunter2' });
    expect(JSON.stringify(world.told)).not.toContain(secret);
    expect(JSON.stringify(world.told)).toContain('logged in with ***');
  });

  it('has none in what an adapter throws before it has begun', async () => {
    const adapter: Adapter = { execute: () => Promise.reject(new Error(`no ${secret}`)) };
    await world.open({ tool: { adapter } }).executor.accept(redacting);
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'failed', error: 'no ***' });
  });
});

describe('a call whose configuration cannot be read just now', () => {
  it('is not begun, and is made when it can, by the same approval', async () => {
    const world = new ExecutorWorld();
    onTestFinished(() => world.close());
    let problem: Error | undefined = new ConfigError(`TOKEN_FILE: none, ${secret}`);
    const adapter: Adapter = {
      async execute() {
        if (problem) throw problem;
        return { outcome: 'succeeded', result: 'Done.' };
      },
    };
    const { executor, pool } = world.open({ tool: { adapter } });
    await executor.accept(approval);
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'queued',
        held_by: { code: 'tool_unavailable', detail: 'TOKEN_FILE: none, ***' },
      });
    problem = undefined;
    world.clock = after(world.clock, 60_000);
    pool.start();
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded' });
  });
});

describe('a call that nobody saw the end of', () => {
  let world: ExecutorWorld;
  beforeEach(() => (world = new ExecutorWorld()));
  afterEach(() => world.close());
  const askable = { terms: () => ({ ...terms, can_reconcile: true }) };

  it('is asked about at its target', async () => {
    const asked: unknown[] = [];
    const reconcile = async (call: unknown) => {
      asked.push(call);
      return { outcome: 'succeeded', result: 'It is there.' } as const;
    };
    const adapter = { execute: world.adapter.execute.bind(world.adapter), reconcile };
    const { executor, pool } = world.open({ tool: { ...askable, adapter } });
    pool.start();
    await executor.accept(approval);
    world.adapter.calls[0]!.end.resolve({ outcome: 'unknown', reason: 'killed' });
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'succeeded',
        result: 'It is there.',
        reconciled: { by: null },
        attempts: [{ outcome: 'outcome_unknown', reason: 'killed' }],
      });
    expect(asked).toMatchObject([{ id, attempt: 1 }]);
    expect(world.typesOf()).toEqual(['tool.execution_started', 'tool.execution_completed']);
  });

  it('keeps the output that it had: what is printed by whoever asks is no part of it', async () => {
    const reconcile: NonNullable<Adapter['reconcile']> = async (_call, { progress }) => {
      progress({ output: 'It is there.', percent: 90 });
      return { outcome: 'succeeded', result: 'It is there.' };
    };
    const adapter = { execute: world.adapter.execute.bind(world.adapter), reconcile };
    const { executor, pool } = world.open({ tool: { ...askable, adapter } });
    pool.start();
    await executor.accept(approval);
    world.adapter.calls[0]!.watch.progress({ output: 'copying\n' });
    world.adapter.calls[0]!.end.resolve({ outcome: 'unknown', reason: 'killed' });
    await expect.poll(() => world.execution(), soon).toMatchObject({ status: 'succeeded' });
    expect(await world.outputs.read(await world.execution(), 1)).toMatchObject({ text: 'copying\n' });
    expect(world.told.map(({ data }) => (data as { output: string }).output).join('')).toBe('copying\n');
  });

  it('waits for a person when asking fails', async () => {
    const adapter = {
      execute: world.adapter.execute.bind(world.adapter),
      reconcile: async () => Promise.reject(new Error('no route to host')),
    };
    const { executor, pool } = world.open({ tool: { ...askable, adapter } });
    pool.start();
    await executor.accept(approval);
    world.adapter.calls[0]!.end.resolve({ outcome: 'unknown', reason: 'killed' });
    await expect
      .poll(() => world.execution(), soon)
      .toMatchObject({
        status: 'outcome_unknown',
        error: 'killed; the target cannot tell: no route to host',
      });
  });
});
