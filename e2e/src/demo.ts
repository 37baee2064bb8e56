import { startKafka, startMongo } from '@countersign/infra';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HttpError, Client } from './world/client.js';
import { Credentials } from './world/credentials.js';
import { pausedRun, request } from './world/flow.js';
import { DistributedStack, EmbeddedStack } from './world/stack.js';

const usage = `npm run demo                  on the embedded log and store, in a process of its own
npm run demo -- --kafka       three processes, on Kafka and MongoDB (KAFKA_BROKERS and MONGODB_URI, or started here)
npm run demo -- --url URL     on a system that runs already, such as the one of npm start; --key KEY for another`;

/** The whole flow, as a client of the HTTP API. Ends with 0 only if all of it was seen. */
async function demonstrate(client: Client): Promise<void> {
  step('1. Start a run', `"${request}"`);
  const { run, approval } = await pausedRun(client);
  say(`run ${run.run_id} is ${run.status}`);
  assert.equal(run.status, 'PAUSED');

  step('2. See what it asks for');
  for (const field of ['id', 'status', 'source_name', 'tool_name', 'tool_args', 'context', 'digest'] as const) {
    say(
      `${field.padEnd(12)} ${typeof approval[field] === 'string' ? approval[field] : JSON.stringify(approval[field])}`,
    );
  }
  assert.equal(approval.status, 'pending');

  step('3. Approve it');
  const resolved = await client.resolve(approval.id, 'approved', 'demo', { note: 'looks right' });
  say(`${resolved.status} by ${resolved.resolved_by}`);

  step('4. The executor makes exactly that call, and the run goes on with what came of it');
  const done = await client.waitForRun(run.run_id, ['COMPLETED', 'ERROR', 'CANCELLED'], 30);
  const execution = (await client.executions({ run_id: run.run_id })).data[0];
  say(`execution ${execution?.status}: ${execution?.result}`);
  say(`run is ${done.status}: ${done.content}`);
  assert.equal(done.status, 'COMPLETED');
  assert.match(done.content ?? '', /Deployed auth-service/);

  step('5. Nothing is left to decide, and a second decision is refused');
  const second = await client.resolve(approval.id, 'rejected', 'somebody else').catch((error: unknown) => error);
  assert.ok(second instanceof HttpError && second.status === 409, 'a second decision must be refused with 409');
  say(`second decision: ${second.message}`);
  const left = (await client.approvals({ run_id: run.run_id, status: 'pending' })).meta.total_count;
  say(`pending approvals: ${await client.pendingCount()}, of this run: ${left}`);
  assert.equal(left, 0);
}

const step = (title: string, detail = '') => console.log(`\n${title}${detail && `: ${detail}`}`);
const say = (line: string) => console.log(`   ${line}`);

async function onEmbedded(): Promise<void> {
  console.log('Starting Countersign in one process, on the embedded log and store …');
  const stack = new EmbeddedStack();
  try {
    await stack.start();
    await demonstrate(stack.client);
    assert.equal(await stack.client.pendingCount(), 0);
  } finally {
    await stack.close();
  }
}

async function onKafka(): Promise<void> {
  const { KAFKA_BROKERS, MONGODB_URI } = process.env;
  const dir = mkdtempSync(join(tmpdir(), 'countersign-demo-'));
  console.log('Starting Kafka and MongoDB, unless they are named by the environment …');
  const kafka = KAFKA_BROKERS ? undefined : await startKafka({ dir: join(dir, 'kafka') });
  const mongo = MONGODB_URI ? undefined : await startMongo({ dir: join(dir, 'mongo'), memory: true });
  const servers = { brokers: KAFKA_BROKERS ?? kafka!.brokers, mongodb: MONGODB_URI ?? mongo!.uri, instances: 1 };
  console.log(`Starting agent-runner, approval-service and executor on Kafka at ${servers.brokers} …`);
  const stack = new DistributedStack(servers);
  try {
    await stack.start();
    await demonstrate(stack.client);
    assert.equal(await stack.client.pendingCount(), 0);
  } finally {
    await stack.close();
    await Promise.all([kafka?.stop(), mongo?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @param key with the role admin; the one of `npm start` unless it is given. */
function onUrl(url: string, key = readFileSync('.countersign/admin.key', 'utf8').trim()): Promise<void> {
  return demonstrate(new Client({ runs: url, approvals: url, executions: url }, new Credentials(key)));
}

const { values } = parseArgs({
  options: {
    kafka: { type: 'boolean' },
    url: { type: 'string' },
    key: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
} else {
  await (values.url ? onUrl(values.url.replace(/\/$/, ''), values.key) : values.kafka ? onKafka() : onEmbedded());
  console.log('\nAll of it was seen.');
}
