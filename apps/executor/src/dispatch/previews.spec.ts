import type { Event, EventData, Log } from '@countersign/contracts';
import { previewDigest, previewedCall } from '@countersign/contracts/previews';
import { atMillis, atSeconds, toEpochMillis } from '@countersign/contracts/time';
import { toolVersion, type ToolDefinition } from '@countersign/definitions';
import { goldenEvent } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { approval, ExecutorWorld, id, secret, soon } from '../../test/executor.fixtures.js';
import type { Adapter, ApprovedCall, Outcome, Watch } from '../adapters/adapter.js';
import { Paused } from '../kill-switch/switches.js';
import type { Tool } from '../tools/tool.js';
import { Previews, type PreviewsOptions } from './previews.js';

/** Says what the test wants, and to whom. */
class SayingAdapter implements Adapter {
  readonly calls: ApprovedCall[] = [];
  says: Outcome | Error = { outcome: 'succeeded', result: '2.0.3 -> 2.1.0' };
  before: () => Promise<unknown> | void = () => {};
  during: (watch: Watch) => Promise<unknown> | void = () => {};

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    await this.before();
    await watch.lastLook();
    this.calls.push(call);
    await this.during(watch);
    if (this.says instanceof Error) throw this.says;
    return this.says;
  }
}

const definition: ToolDefinition = {
  name: 'deploy_to_production',
  description: '',
  parameters: { type: 'object' },
  approval: 'required',
  requires: 'external_execution',
  user_input: [],
  redact: [],
  max_output: 20_000,
  made_by: 'executor',
};

describe('an executor that is asked what a call would do', () => {
  const now = atMillis(1_000_000);
  const golden = goldenEvent('approval.preview_asked');
  const request = (change: Partial<EventData<'approval.preview_asked'>> = {}): Event<'approval.preview_asked'> => ({
    ...golden,
    data: { ...golden.data, tool_version: toolVersion(definition), answer_by: atSeconds(1_060), ...change },
  });
  let adapter: SayingAdapter;
  let told: EventData<'tool.previewed'>[];
  let paused: Paused;
  let clock: typeof now;
  let fails: number;
  const refused = vi.fn();
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() } satisfies Record<keyof Log, unknown>;

  beforeEach(() => {
    [adapter, told, paused, clock, fails] = [new SayingAdapter(), [], new Paused([]), now, 0];
  });

  function open(change: Partial<PreviewsOptions> = {}): Previews {
    const preview = { adapter, rerun: true };
    const tool = { definition, preview, terms: () => undefined as never } as Tool;
    return new Previews({
      tools: { get: (name) => (name === 'deploy_to_production' ? tool : undefined), names: () => [] },
      secrets: { list: () => [secret] },
      switches: { paused: async () => paused },
      configuration: { fresh: async () => {} },
      guard: { problemWithRequest: async () => undefined },
      sign: async () => 'signed',
      async publish({ data }) {
        if (fails-- > 0) throw new Error('the bus is away');
        told.push(data as EventData<'tool.previewed'>);
      },
      size: 1,
      alarms: { refused },
      now: () => clock,
      log,
      ...change,
    });
  }
  const answered = () => expect.poll(() => told, soon);

  it('runs the preview of its tool, and signs what it shows', async () => {
    await open().request(request());
    await answered().toMatchObject([{ outcome: 'shown', text: '2.0.3 -> 2.1.0', round: 1, signature: 'signed' }]);
    expect(told[0]!.call_digest).toBe(previewedCall(request().data));
    expect(adapter.calls).toMatchObject([{ tool_args: request().data.tool_args, attempt: 1 }]);
    expect(adapter.calls[0]!.id).not.toBe(request().data.approval_id);
  });

  it('runs nothing that the approval service has not asked, and raises an alarm', async () => {
    const previews = open({ guard: { problemWithRequest: async () => 'It is not signed.' } });
    await expect(previews.request(request())).rejects.toMatchObject({ code: 'not_authentic' });
    expect(refused).toHaveBeenCalledOnce();
    expect(adapter.calls).toEqual([]);
  });

  it('runs nothing for a message that comes again, or too late', async () => {
    const previews = open();
    await previews.request(request());
    await answered().toHaveLength(1);
    await previews.request(request());
    clock = toEpochMillis(request().data.answer_by);
    await previews.request(request());
    await previews.request(request({ round: 2 }));
    clock = now;
    await previews.request(request({ round: 2 }));
    await answered().toHaveLength(2);
    expect(adapter.calls).toHaveLength(2);
  });

  it.each<[string, Outcome | Error, string]>([
    ['fails', { outcome: 'failed', error: 'exit code 1: no such service' }, 'exit code 1: no such service'],
    ['cannot begin', new Error('spawn ENOENT'), 'spawn ENOENT'],
    ['takes too long', { outcome: 'unknown', reason: 'killed after 30 s' }, 'killed after 30 s'],
    ['says more than is shown', { outcome: 'succeeded', result: 'a', truncated: true }, 'nobody would see all'],
    ['says too much', { outcome: 'succeeded', result: 'a'.repeat(50_001) }, 'nobody would see all'],
    ['names a secret as it fails', { outcome: 'failed', error: `no ${secret}` }, 'no ***'],
  ])('says why there is none where it %s', async (_, says, text) => {
    adapter.says = says;
    await open().request(request());
    await answered().toMatchObject([{ outcome: 'failed', text: expect.stringContaining(text) }]);
  });

  it('masks secrets and redacted arguments', async () => {
    adapter.says = { outcome: 'succeeded', result: `${secret} auth-service` };
    await open().request(request({ redact: ['service_name'] }));
    await answered().toMatchObject([{ text: '*** ***' }]);
  });

  it.each<[string, Partial<EventData<'approval.preview_asked'>>]>([
    ['unknown', { tool_name: 'other' }],
    ['another by now', { tool_version: 'gate:0 effect:0' }],
  ])('runs nothing where the tool is %s', async (_, change) => {
    await open().request(request(change));
    await answered().toMatchObject([{ outcome: 'failed' }]);
    expect(adapter.calls).toEqual([]);
  });

  it('runs nothing while a kill switch is on', async () => {
    paused = new Paused([{ id: '*', tool_name: null, reason: 'storm', by: 'ada' }]);
    vi.spyOn(paused, 'has').mockReturnValue(true);
    await open().request(request());
    await answered().toMatchObject([{ outcome: 'failed', text: expect.stringContaining('kill switch') }]);
    expect(adapter.calls).toEqual([]);
  });

  it('runs so many at once, and the others after them; what runs when it stops is given up', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    adapter.during = ({ signal }) =>
      Promise.race([promise, new Promise((end) => signal.addEventListener('abort', end))]);
    const previews = open();
    for (const round of [1, 2, 3]) await previews.request(request({ round }));
    await expect.poll(() => adapter.calls.length, soon).toBe(1);
    resolve();
    await answered().toHaveLength(3);
    adapter.during = ({ signal }) => new Promise((end) => signal.addEventListener('abort', end));
    await previews.request(request({ round: 4 }));
    await expect.poll(() => adapter.calls.length, soon).toBe(4);
    await previews.stop();
    expect(told).toHaveLength(3);
  });
});

describe('an approved call that was previewed', () => {
  let world: ExecutorWorld;
  let adapter: SayingAdapter;
  beforeEach(() => {
    world = new ExecutorWorld();
    adapter = new SayingAdapter();
  });
  afterEach(() => world.close());

  const preview_digest = (text = '2.0.3 -> 2.1.0') => previewDigest(previewedCall(approval.data), text);
  async function accept(digest: string | null, rerun = true) {
    const { callDigest } = await import('@countersign/contracts/calls');
    const data = { ...approval.data, preview_digest: digest };
    const event = { ...approval, data: { ...data, digest: callDigest(data) } };
    await world.open({ tool: { preview: { adapter, rerun } } }).executor.accept(event);
  }
  const execution = () => world.store.get(id);

  it('is made when its preview shows the same as it did', async () => {
    await accept(preview_digest());
    await expect.poll(() => world.adapter.calls.length, soon).toBe(1);
    expect(adapter.calls[0]!.id).not.toBe(world.adapter.calls[0]!.call.id);
  });

  it.each<[string, Outcome]>([
    ['shows something else', { outcome: 'succeeded', result: '2.0.9 -> 2.1.0' }],
    ['fails', { outcome: 'failed', error: 'exit code 1' }],
  ])('is not made, for whoever asks again, when it %s', async (_, says) => {
    adapter.says = says;
    await accept(preview_digest());
    await expect.poll(async () => (await execution())?.status, soon).toBe('failed');
    expect(await execution()).toMatchObject({ error_code: 'preview_changed' });
    expect(world.adapter.calls).toEqual([]);
    expect(world.published.at(-1)).toMatchObject({ type: 'tool.execution_failed', data: { code: 'preview_changed' } });
  });

  it('is made without another look where there was nothing to see, or none is wanted', async () => {
    adapter.says = { outcome: 'failed', error: 'exit code 1' };
    await accept(preview_digest(), false);
    await expect.poll(() => world.adapter.calls.length, soon).toBe(1);
    expect(adapter.calls).toEqual([]);
  });

  it('is held by a kill switch that is turned before the preview is run again', async () => {
    const { tool_name } = approval.data;
    adapter.before = () =>
      world.switches.turn({ type: 'paused', tool_name, reason: 'Stop.', by: 'ada', at: world.clock });
    await accept(preview_digest());
    await expect.poll(async () => (await execution())?.held_by?.code, soon).toBe('kill_switch');
    expect(adapter.calls).toEqual([]);
    expect(await execution()).toMatchObject({ status: 'queued', error_code: null });
  });
});
