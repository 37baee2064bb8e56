import { principalOf } from '@countersign/auth';
import type { Run } from '@countersign/contracts/runs';
import { describe, expect, it } from 'vitest';
import {
  agent,
  callIn,
  cancelRequested,
  completed,
  continued,
  now,
  outcomeUnknown,
  requested,
  resolved,
  runAfter,
  tools,
} from '../../test/run.fixtures.js';
import { mcpOffer } from './mcp-offer.js';

const bot = principalOf({ subject: 'bot', roles: ['requester'], groups: [] }, 'key');
const deploy = tools.deploy_to_production;

const askedFor = (tool: typeof deploy): Run =>
  runAfter({
    type: 'calls_requested',
    run: requested.run,
    asked: { digest: 'd', framework: 'MCP', reason: null, context: null },
    agent,
    calls: [{ tool_call_id: 'call_a', tool, tool_args: { service_name: 'auth', version: '2.1.0' } }],
  });

/** What the model of an agent is answered whose call becomes this run. */
function answer(
  run: Run,
  { isMadeByCaller = false, waitMs = 0, stopping = new AbortController().signal, said = [] as string[] } = {},
) {
  const asked: unknown[] = [];
  const offer = mcpOffer(agent, bot, {
    calls: { request: async (wanted) => (asked.push(wanted), { ok: run }), cancel: async () => run },
    runs: { get: async () => run },
    watch: { waitFor: async () => run, stopping },
    isMadeByCaller: (name) => isMadeByCaller && name === deploy.name,
    waitMs,
  });
  const signal = new AbortController().signal;
  const call = {
    name: deploy.name,
    args: {},
    key: undefined,
    signal,
    progress: async (message: string) => void said.push(message),
  };
  return offer.call(call).then((answered) => ({ ...answered, asked }));
}

describe('what is answered over the Model Context Protocol', () => {
  it('has no value that its tool hides, be it filled in or edited', async () => {
    const tool = { ...deploy, redact: ['version'] };
    const asked = askedFor(tool);
    const call = callIn(asked, 'call_a');
    const edited = { tool_args: { service_name: 'billing', version: 'hunter2' } };
    const answered = await answer(continued(asked, now, resolved(call, 'approved', edited), completed(call)));
    expect(JSON.stringify(answered)).not.toContain('hunter2');
    expect(answered.text).toContain('billing');
    expect(answered.fields).toMatchObject({ approved_arguments: { service_name: 'billing', version: '[redacted]' } });
  });

  it('says to check later once it has waited as long as it may', async () => {
    const answered = await answer(askedFor(deploy));
    expect(answered).toMatchObject({ isError: true, fields: { status: 'waiting' } });
    expect(answered.text).toContain('countersign_check');
  });

  it('says to check later at once when the instance stops, and not again and again until its time is up', async () => {
    const said: string[] = [];
    const stopping = AbortSignal.abort();
    const answered = await answer(askedFor(deploy), { waitMs: 60_000, stopping, said });
    expect([answered.fields, said]).toMatchObject([{ status: 'waiting' }, []]);
  });

  it('says at once that an outcome is unknown, and that nobody makes the call again', async () => {
    const asked = askedFor(deploy);
    const call = callIn(asked, 'call_a');
    const answered = await answer(continued(asked, now, resolved(call, 'approved'), outcomeUnknown(call)), {
      waitMs: 60_000,
    });
    expect(answered).toMatchObject({ isError: true, fields: { status: 'outcome_unknown' } });
    expect(answered.text).toMatch(/UNKNOWN whether the call was made. It is not made again/);
  });

  it('is a refusal for a tool that is not offered, since nobody could make the call', async () => {
    const answered = await answer(runAfter(requested), { isMadeByCaller: true });
    expect(answered).toMatchObject({ isError: true, fields: { code: 'tool_not_declared' }, asked: [] });
  });

  it('says of a task that was cancelled after its approval that what had begun is not undone, and what came of it', async () => {
    const asked = askedFor(deploy);
    const call = callIn(asked, 'call_a');
    let run = continued(asked, now, resolved(call, 'approved'));
    const owner = principalOf({ subject: run.user_id!, roles: ['requester'], groups: [] }, 'key');
    const offer = mcpOffer(agent, owner, {
      calls: {
        request: async () => ({ ok: run }),
        cancel: async () => (run = continued(run, now, cancelRequested)),
      },
      runs: { get: async () => run },
      watch: { waitFor: async () => run, stopping: new AbortController().signal },
      isMadeByCaller: () => false,
      waitMs: 0,
    });
    const { signal } = new AbortController();
    expect(await offer.task(run.run_id)).toMatchObject({ status: 'working' });
    expect(await offer.cancel(run.run_id)).toMatchObject({
      status: 'cancelled',
      message: expect.stringContaining('not undone: approved'),
    });
    expect((await offer.answer(run.run_id, signal))?.text).toMatch(/had begun by then is not known yet/);
    run = continued(run, now, completed(call, 'Deployed.'));
    expect(await offer.task(run.run_id)).toMatchObject({ status: 'cancelled' });
    expect(await offer.answer(run.run_id, signal)).toMatchObject({ isError: false, text: 'Deployed.' });
    expect(await offer.cancel(run.run_id)).toMatchObject({ isError: true, fields: { code: 'wrong_execution_state' } });
  });
});
