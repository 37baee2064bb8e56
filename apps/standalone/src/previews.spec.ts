import type { Approval } from '@countersign/contracts/approvals';
import type { RequestedCalls } from '@countersign/contracts/runs';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyFor } from '../test/authorisation.fixtures.js';
import { adminKey, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-previews-'));
/** What is there now of a service: the preview reads it, and so can anybody change it. */
const target = join(dir, 'target');
const inTarget = (text: string) => writeFileSync(target, text);
const definitions = `
agents:
  - { id: bot, name: Bot, external: true, callers: [bot@services], tools: [scale] }
tools:
  - name: scale
    description: Scales a service.
    parameters: { type: object, properties: { replicas: { type: integer } }, required: [replicas], additionalProperties: false }
    execute: { command: { program: node, args: ['-e', 'console.log("scaled to " + process.argv[1])', '{{arguments.replicas}}'] } }
    preview:
      side_effects: none
      command: { program: node, args: ['-e', 'console.log(require("fs").readFileSync("${target}", "utf8") + " to " + process.argv[1])', '{{arguments.replicas}}'] }
policies:
  default: { require: { allow: [approve, reject, edit], four_eyes: false } }
`;

describe('a call whose tool has a preview', () => {
  let standalone: Standalone;
  let bot: string;
  beforeAll(async () => {
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, definitions);
    standalone = await openStandalone(dir, { COUNTERSIGN_CONFIG: file });
    bot = await keyFor(standalone, 'bot@services', ['requester']);
  }, 60_000);
  afterAll(() => standalone.close());

  async function send<T>(method: string, path: string, body?: object, key = adminKey) {
    const response = await standalone.ask(method, path, { key, ...(body && { body }) });
    return { status: response.status, body: (await response.json()) as T & { code?: string } };
  }
  async function ask(replicas: number): Promise<RequestedCalls> {
    const calls = [{ tool_name: 'scale', tool_args: { replicas } }];
    return (await send<RequestedCalls>('POST', '/agents/bot/calls', { calls }, bot)).body;
  }
  const found = <T>(find: () => Promise<T | false | undefined>): Promise<T> =>
    vi.waitUntil(async () => (await find()) || undefined, { timeout: 20_000, interval: 20 }) as Promise<T>;
  const previewed = (run_id: string, is: (approval: Approval) => boolean = () => true): Promise<Approval> =>
    found(async () => {
      const { data } = (await send<{ data: Approval[] }>('GET', `/approvals?run_id=${run_id}&status=pending`)).body;
      const [approval] = data;
      const isThere = approval?.preview && approval.preview.status !== 'requested';
      return isThere && is(approval) ? approval : undefined;
    });
  const resolve = ({ id, digest }: Approval, more: object = {}) =>
    send<Approval>('POST', `/approvals/${id}/resolve`, { status: 'approved', digest, ...more });
  const ended = ({ run_id }: RequestedCalls): Promise<RequestedCalls> =>
    found(async () => {
      const { body } = await send<RequestedCalls>('GET', `/agents/bot/calls/${run_id}`, undefined, bot);
      return body.status === 'COMPLETED' && body;
    });

  it('is made as it was shown, and asked for again where it would do something else by then', async () => {
    inTarget('from 2');
    const asked = await ask(3);
    const first = await previewed(asked.run_id);
    expect(first.preview).toMatchObject({ status: 'shown', output: expect.stringContaining('from 2 to 3') });
    inTarget('from 9');
    expect((await resolve(first)).status).toBe(200);
    const second = await previewed(asked.run_id, ({ id }) => id !== first.id);
    expect(second.preview).toMatchObject({
      output: expect.stringContaining('from 9 to 3'),
      before: { approval_id: first.id, output: first.preview!.output },
    });
    const execution = await send('GET', `/executions/${first.id}`);
    expect(execution.body).toMatchObject({ status: 'failed', error_code: 'preview_changed', result: null });
    expect((await resolve(second)).status).toBe(200);
    expect((await ended(asked)).calls).toMatchObject([{ status: 'succeeded', result: 'scaled to 3' }]);
  });

  it('is approved with other arguments once these were shown, and is not decided on what nobody signed', async () => {
    inTarget('from 2');
    const asked = await ask(300);
    const first = await previewed(asked.run_id);
    const resolution_data = { tool_args: { replicas: 4 } };
    expect((await resolve(first, { resolution_data })).body).toMatchObject({ code: 'preview_missing' });

    const wanted = await send<Approval>('POST', `/approvals/${first.id}/preview`, { tool_args: { replicas: 4 } });
    expect([wanted.status, wanted.body.preview]).toMatchObject([202, { round: 2, status: 'requested' }]);
    const { preview, run_id, tool_call_id, tool_name } = wanted.body;
    const said = { run_id, approval_id: first.id, tool_call_id, tool_name, round: 2, call_digest: preview!.call };
    const forged = { ...said, outcome: 'shown', text: 'nothing changes', signature: null };
    const value = Buffer.from(JSON.stringify(forged));
    await standalone.bus.publish([{ topic: 'tool.previewed', key: run_id, headers: {}, value }]);

    const second = await previewed(asked.run_id, (each) => each.preview!.round === 2);
    expect(second.preview).toMatchObject({ output: expect.stringContaining('from 2 to 4'), by: expect.any(String) });
    expect((await resolve(first, { resolution_data })).body).toMatchObject({ code: 'call_changed' });
    expect((await resolve(second)).body).toMatchObject({ code: 'preview_missing' });
    expect((await resolve(second, { resolution_data })).status).toBe(200);
    expect((await ended(asked)).calls).toMatchObject([{ result: 'scaled to 4' }]);
  });

  it('shows nothing while a kill switch is on, and is asked again after that', async () => {
    await send('POST', '/executions/pause', { tool_name: 'scale', reason: 'storm' });
    const asked = await ask(5);
    const held = await previewed(asked.run_id);
    expect(held.preview).toMatchObject({ status: 'failed', reason: expect.stringContaining('kill switch') });
    expect((await resolve(held)).body).toMatchObject({ code: 'preview_missing' });
    await send('POST', '/executions/resume', { tool_name: 'scale' });
    await send('POST', `/approvals/${held.id}/preview`, {});
    const shown = await previewed(asked.run_id, ({ preview }) => preview!.status === 'shown');
    expect((await resolve(shown)).status).toBe(200);
    await ended(asked);
  });
});
