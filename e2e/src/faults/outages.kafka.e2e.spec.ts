import { freePort, startKafka, startMongo } from '@countersign/infra';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedRun } from '../world/flow.js';
import { topicsOf } from '../world/external-kafka.js';
import { DistributedStack, serviceNames } from '../world/stack.js';

const outage = 12_000;

/** Servers of its own, since it takes them away. */
describe.skipIf(!inject('kafkaBrokers'))('An outage', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-outage-'));
  let kafka: { brokers: string; port: number; stop?(): Promise<void> };
  let mongo: { uri: string; port: number; stop?(): Promise<void> };
  let stack: DistributedStack;

  const startBroker = async () => void (kafka = await startKafka({ dir: join(dir, 'kafka'), port: kafka.port }));
  const startDatabase = async () => void (mongo = await startMongo({ dir: join(dir, 'mongo'), port: mongo.port }));
  const checks = async (): Promise<Record<string, string>[]> =>
    Promise.all(
      serviceNames
        .flatMap((service) => stack.children(service))
        .map(
          async ({ url }) =>
            ((await (await fetch(`${url}/health/ready`)).json()) as { checks: Record<string, string> }).checks,
        ),
    );
  const ended = (runId: string) => stack.client.waitForRun(runId, ['COMPLETED', 'ERROR'], 60);

  beforeAll(async () => {
    const [brokerPort, databasePort] = [await freePort(), await freePort()];
    kafka = { brokers: `127.0.0.1:${brokerPort}`, port: brokerPort };
    mongo = { uri: `mongodb://127.0.0.1:${databasePort}`, port: databasePort };
    stack = new DistributedStack(
      { brokers: kafka.brokers, mongodb: mongo.uri, instances: 1 },
      { env: { RESEND_AFTER_SECONDS: '8' } },
    );
  });
  afterAll(async () => {
    await stack.close();
    await Promise.all([kafka.stop?.(), mongo.stop?.()]);
    rmSync(dir, { recursive: true, force: true });
  });

  it('at boot is waited for, and readiness says what is missing', async () => {
    await stack.boot();
    for (const seen of await checks()) {
      expect(seen['store']).not.toBe('ok');
      expect(seen['log']).not.toBe('ok');
    }
    await Promise.all([startBroker(), startDatabase()]);
    await stack.ready();
    const { run, approval } = await pausedRun(stack.client);
    await stack.client.resolve(approval.id, 'approved', 'ada');
    expect((await ended(run.run_id)).status).toBe('COMPLETED');
  });

  it('of the broker loses no decision: it is taken, and acted on once the broker is back', async () => {
    const { run, approval } = await pausedRun(stack.client);
    await kafka.stop!();
    expect((await stack.client.resolve(approval.id, 'approved', 'ada')).status).toBe('approved');
    const { run_id } = await stack.client.startRun('Deploy billing v3.1 to production.');
    await eventually('readiness to say so', async () => (await checks()).every((seen) => seen['log'] !== 'ok'));
    await delay(outage);
    expect(stack.deployments().filter(({ release_id }) => release_id === approval.id)).toEqual([]);
    await startBroker();
    expect((await ended(run.run_id)).status).toBe('COMPLETED');
    expect(stack.deployments().filter(({ release_id }) => release_id === approval.id)).toHaveLength(1);
    expect((await stack.client.waitForRun(run_id, ['PAUSED'], 30)).status).toBe('PAUSED');
    await stack.ready();
  });

  it('of the database is reported to whoever asks, and nothing that was stored is lost', async () => {
    const { run, approval } = await pausedRun(stack.client);
    await mongo.stop!();
    await expect(stack.client.resolve(approval.id, 'approved', 'ada')).rejects.toMatchObject({ status: 503 });
    await eventually('readiness to say so', async () => (await checks()).every((seen) => seen['store'] !== 'ok'));
    await delay(outage);
    await startDatabase();
    await stack.ready();
    await stack.client.resolve(approval.id, 'approved', 'ada');
    expect((await ended(run.run_id)).status).toBe('COMPLETED');
    expect(stack.deployments().filter(({ release_id }) => release_id === approval.id)).toHaveLength(1);
  });

  it('of a topic, which somebody deletes, is named; it is made again, and a run that waits goes on', async () => {
    const { run, approval } = await pausedRun(stack.client);
    await topicsOf(kafka.brokers).delete('approval.resolved');
    await eventually('readiness to name it', async () =>
      (await checks()).some(({ log }) => /no such topic: approval\.resolved/.test(log!)),
    );
    await stack.client.resolve(approval.id, 'approved', 'ada');
    expect((await ended(run.run_id)).status).toBe('COMPLETED');
    expect(stack.deployments().filter(({ release_id }) => release_id === approval.id)).toHaveLength(1);
    await stack.ready();
  });

  it('of room ends a run whose request the broker refuses for its size, with a code, and holds up no other', async () => {
    await topicsOf(kafka.brokers).limit('tool.approval_required', 20_000);
    const { run_id } = await stack.client.startRun(`Deploy billing v3.1 to production.${' '.repeat(30_000)}`);
    expect(await ended(run_id)).toMatchObject({ status: 'ERROR', error_code: 'not_publishable' });
    await pausedRun(stack.client);
    const letters = await stack.client.letters({ code: 'not_publishable' });
    expect(letters).toMatchObject([{ topic: 'tool.approval_required' }]);
  });

  it('is logged without stack traces, first contact with a fresh broker and database included', () => {
    for (const { output } of serviceNames.flatMap((service) => stack.children(service))) {
      expect(output()).toContain('retrying with backoff');
      expect(output()).not.toMatch(/"stack":|\n {4}at /);
    }
  });
});
