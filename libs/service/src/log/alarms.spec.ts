import { expect, it, vi } from 'vitest';
import { openAlarms } from './alarms.js';
import { Metrics } from '../metrics/metrics.js';

it('an alarm is in the log with what it is about, and counted by what was refused and why', async () => {
  const metrics = new Metrics();
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const about = { approval_id: 'approval-1', tool_name: 'deploy', reason: 'The decision is not signed.' };
  const alarms = openAlarms({ log, metrics });
  alarms.refused('decision', 'not_authentic', about);
  alarms.refused('decision', 'not_authentic', about);
  alarms.refused('result', 'refused', about);
  expect(log.error).toHaveBeenCalledWith(
    { ...about, kind: 'not_authentic' },
    'a decision was refused and not acted on',
  );
  const counted = (what: string, kind: string) => metrics.valueOf('countersign_refused_total', { what, kind });
  expect(await counted('decision', 'not_authentic')).toBe(2);
  expect(await counted('result', 'refused')).toBe(1);
  expect(await counted('result', 'not_authentic')).toBe(0);
});
