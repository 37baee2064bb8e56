import type { RequestedCalls } from '@countersign/contracts/runs';
import type { Execution } from '@countersign/contracts/executions';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { keyFor } from './authorisation.fixtures.js';
import { adminKey, openStandalone, type Standalone } from './standalone.fixtures.js';

/** Two agents that run elsewhere and one that runs here; what is paid the caller pays, what is deployed the executor. */
const definitions = `
agents:
  - { id: bot, name: Bot, external: true, callers: [bot@services], tools: [refund, deploy] }
  - { id: other, name: Other, external: true, callers: [other@services], tools: [refund] }
  - { id: ops, name: Operations, instructions: You deploy., tools: [deploy] }
tools:
  - name: refund
    description: Pays money back.
    parameters: &refund
      type: object
      properties: { order: { type: string }, amount: { type: number } }
      required: [order, amount]
      additionalProperties: false
    execute: { caller: { lease: 2s } }
  - name: deploy
    description: Deploys.
    parameters: { type: object, properties: { service: { type: string } }, required: [service], additionalProperties: false }
    execute: { command: { program: node, args: ['-e', 'console.log(process.argv[1])', '{{arguments.service}}'] } }
  - name: erase
    description: Erases all.
    parameters: { type: object }
channels:
  - { name: told, on: [ended], agents: [bot], webhook: { url: 'RECEIVER', secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3, allow_private: true } }
policies:
  default: { require: { allow: [approve, reject, edit], four_eyes: false } }
`;

type Asking = Record<string, unknown> & { as?: string; agent?: string; key?: string };
type Answer<T> = { status: number; body: T & { code?: string; detail?: string } };

interface Told {
  type: string;
  data: { id: string; run_status: string };
}

async function startReceiver(): Promise<{ url: string; told: readonly Told[] }> {
  const told: Told[] = [];
  const server = createServer(async (request, response) => {
    told.push(JSON.parse(await text(request)) as Told);
    response.writeHead(204).end();
  });
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

/** Countersign with such agents, as their programs and people see it. */
export class Office {
  private constructor(
    readonly standalone: Standalone,
    readonly keys: Record<'bot' | 'other' | 'viewer', string>,
    readonly dir: string,
    /** What the program of the bot was told by its webhook. */
    readonly told: readonly Told[],
  ) {}

  static async open(dir = mkdtempSync(join(tmpdir(), 'countersign-asked-'))): Promise<Office> {
    const file = join(dir, 'countersign.yaml');
    const { url, told } = await startReceiver();
    writeFileSync(file, definitions.replace('RECEIVER', url));
    const standalone = await openStandalone(dir, { COUNTERSIGN_CONFIG: file });
    const key = (subject: string, role: string) => keyFor(standalone, subject, [role]);
    const keys = {
      bot: await key('bot@services', 'requester'),
      other: await key('other@services', 'requester'),
      viewer: await key('vera', 'viewer'),
    };
    return new Office(standalone, keys, dir, told);
  }

  async send<T>(method: string, path: string, key: string, body?: object, headers?: Record<string, string>) {
    const response = await this.standalone.ask(method, path, {
      key,
      ...(body && { body }),
      ...(headers && { headers }),
    });
    return { status: response.status, body: await response.json() } as Answer<T>;
  }

  /** Asks as the bot, or as whoever is named. */
  ask(calls: object[], { as = this.keys.bot, agent = 'bot', key, ...more }: Asking = {}) {
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    return this.send<RequestedCalls>('POST', `/agents/${agent}/calls`, as, { calls, ...more }, headers);
  }

  /** The calls of a request once all of them are as wanted. */
  async once(asked: RequestedCalls, ...statuses: string[]): Promise<RequestedCalls> {
    return vi.waitUntil(
      async () => {
        const { body } = await this.send<RequestedCalls>(
          'GET',
          `/agents/${asked.agent_id}/calls/${asked.run_id}`,
          this.keys.bot,
        );
        return body.calls.every(({ status }) => statuses.includes(status)) ? body : undefined;
      },
      { timeout: 8_000, interval: 20 },
    );
  }

  async resolve(id: string, status: string, more: object = {}): Promise<void> {
    await vi.waitFor(async () => {
      const { status: answered, body } = await this.send('POST', `/approvals/${id}/resolve`, adminKey, {
        status,
        ...more,
      });
      expect([answered, body]).toMatchObject([200, {}]);
    }, 8_000);
  }

  /** A call that is approved, and that its caller may begin. */
  async approved(more: object = {}): Promise<{ asked: RequestedCalls; id: string }> {
    const { body: asked } = await this.ask([{ tool_name: 'refund', tool_args: { order: 'A-17', amount: 80 } }]);
    const { id } = asked.calls[0]!;
    await this.resolve(id, 'approved', more);
    await this.once(asked, 'approved');
    await vi.waitFor(async () => {
      expect((await this.send('GET', `/executions/${id}`, adminKey)).status).toBe(200);
    }, 8_000);
    return { asked, id };
  }

  claim(id: string, claim: string, as = this.keys.bot): Promise<Answer<Execution>> {
    return this.send<Execution>('POST', `/executions/${id}/claim`, as, { claim });
  }

  report(id: string, { as = this.keys.bot, ...body }: Record<string, unknown> & { as?: string }) {
    const report = { outcome: 'succeeded', result: 'Paid.', ...body };
    return this.send<Execution>('POST', `/executions/${id}/outcome`, as, report);
  }
}
