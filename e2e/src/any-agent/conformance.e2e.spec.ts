import { CountersignClient } from '@countersign/client';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReady, startChild, type Child } from '../world/child.js';
import { adminKey } from '../world/credentials.js';
import { eventually } from '../world/eventually.js';
import { conformanceProgram } from './frameworks.js';

/** Those of its scenarios that are for any server; the others want tools, resources and prompts made for them. */
const scenarios = [
  'server-initialize',
  'ping',
  'tools-list',
  'dns-rebinding-protection',
  'http-header-validation',
  'tasks-capability-negotiation',
  'tasks-wire-fields',
];

describe('the MCP server, by the conformance suite of the protocol', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
  let program: string;
  let child: Child;
  let entrance: Server;
  beforeAll(async () => {
    program = await conformanceProgram();
    const config = fileURLToPath(new URL('../../fixtures/any-agent.yaml', import.meta.url));
    child = await startChild({ app: 'standalone', env: { DATA_DIR: dir, COUNTERSIGN_CONFIG: config } });
    await eventually('it to be ready', () => isReady(child.url));
    const people = new CountersignClient({ url: child.url, key: adminKey });
    const { key } = await people.auth.createKey({ name: 'bot', subject: 'bot@services', roles: ['requester'] });
    entrance = await withKey(child.url, key);
  }, 200_000);
  afterAll(async () => {
    entrance?.close();
    await child?.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  it.concurrent.each(scenarios)('passes %s', async (scenario) => {
    const url = `http://127.0.0.1:${(entrance.address() as AddressInfo).port}/mcp/conforming`;
    const args = [program, 'server', '--url', url, '--scenario', scenario];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: dir });
    expect(stdout).toMatch(/Passed: (\d+)\/\1, 0 failed, 0 warnings/);
  });
});

/** The suite has no credentials to give, so that they are added on the way; everything else comes through as it is. */
async function withKey(url: string, key: string): Promise<Server> {
  const { hostname, port } = new URL(url);
  const server = createServer((asked, answer) => {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const host = asked.headers.host === own ? `${hostname}:${port}` : asked.headers.host;
    const headers = { ...asked.headers, host, authorization: `Bearer ${key}` };
    const onward = request({ hostname, port, path: asked.url, method: asked.method, headers }, (answered) => {
      answer.writeHead(answered.statusCode!, answered.headers);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}
