import { after, atMillis } from '@countersign/contracts/time';
import { expect, it, vi } from 'vitest';
import { ForeignMessages } from './foreign-messages.js';
import { Metrics } from './metrics.js';

it('counts what another installation wrote, logs each once, and says so for a while', async () => {
  let time = atMillis(1_800_000_000_000);
  const metrics = new Metrics();
  const log = { info() {}, warn: vi.fn(), error() {} };
  const foreign = new ForeignMessages(metrics, log, () => time);
  await foreign.check();
  for (const installation of ['green', 'green', 'red']) foreign.add({ topic: 'approval.resolved', installation });
  expect(log.warn).toHaveBeenCalledTimes(2);
  await expect(foreign.check()).rejects.toThrow(/green, red; each needs a KAFKA_PREFIX/);
  expect(await metrics.valueOf('countersign_foreign_messages_total', { topic: 'approval.resolved' })).toBe(3);
  for (let n = 0; n < 100; n++) foreign.add({ topic: 'approval.resolved', installation: `made up ${n}` });
  expect(log.warn).toHaveBeenCalledTimes(20);
  time = after(time, 3_600_000);
  await foreign.check();
});
