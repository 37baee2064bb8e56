import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, isFree } from './free-port.js';
import { javaClassPath } from './java-libraries.js';
import { startKafka } from './kafka.js';
import { startMongo } from './mongo.js';
import { kafkaAnswers, mongoAnswers } from './probe.js';
import { findServer } from './server.js';

/** Without Java this is for CI to test, where it must not be missing. */
const available = process.env['CI'] ? true : await javaClassPath().then(Boolean, () => false);

describe.skipIf(!available).each([
  { name: 'Kafka', start: startKafka, answers: kafkaAnswers },
  { name: 'MongoDB', start: startMongo, answers: mongoAnswers },
])('a local $name', { timeout: 120_000 }, ({ start, answers }) => {
  let dir: string;
  let port: number;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-infra-'));
    port = await freePort();
  });
  afterAll(async () => {
    await (await findServer(dir))?.kill();
    await rm(dir, { recursive: true, force: true });
  });

  it('answers once it is started, can be found by its directory, and is gone once it is stopped', async () => {
    const server = await start({ dir, port });
    expect(await answers(port)).toBe(true);
    expect(await findServer(dir)).toMatchObject({ pid: server.pid, port });
    await server.stop();
    expect(await answers(port)).toBe(false);
    expect(await findServer(dir)).toBeUndefined();
    await server.stop();
  });

  it('starts again on its directory and port, also after a kill', async () => {
    const server = await start({ dir, port });
    await server.kill();
    expect(await isFree(port)).toBe(true);
    await start({ dir, port });
    expect(await answers(port)).toBe(true);
  });

  it('says so when its port is taken', async () => {
    await expect(start({ dir: join(dir, 'other'), port })).rejects.toThrow(/in use/);
  });
});
