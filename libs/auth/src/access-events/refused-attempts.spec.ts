import { parseEventData, type Event } from '@countersign/contracts';
import type { ProblemCode } from '@countersign/contracts/problems';
import { systemClock } from '@countersign/contracts/time';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { principalOf } from '../principal.js';
import { RefusedAttempts, type RefusedAttempt } from './refused-attempts.js';

const ada = principalOf({ subject: 'ada', roles: [], groups: [] }, 'key', { id: '0123' });
const about = (n: number) => ({ run_id: `run-${n}`, approval_id: `approval-${n}`, tool_name: 'deploy' });
const from = (ip: string, url = '/runs/:id') =>
  ({ ip, method: 'GET', routeOptions: { url } }) as NonNullable<RefusedAttempt['request']>;

describe('attempts that are refused', () => {
  let told: Event<'access.refused'>[];
  let attempts: RefusedAttempts;
  const publish = vi.fn<(events: readonly Event[]) => Promise<void>>();
  beforeEach(() => {
    told = [];
    publish.mockReset().mockImplementation(async (events) => void told.push(...(events as Event<'access.refused'>[])));
    attempts = new RefusedAttempts({
      service: 'approval-service',
      publish,
      log: { warn: () => {} },
      now: systemClock,
      windowMs: 60_000,
    });
  });

  const may = (code: ProblemCode, n: number, who = ada) => attempts.add({ code, who, about: about(n) });
  const wrong = (ip: string) => attempts.add({ code: 'credential_refused', request: from(ip) });
  const times = () => told.reduce((sum, { data }) => sum + data.times, 0);

  it('are published at once, with who tried what, and by which credential', () => {
    may('may_not_decide', 1);
    attempts.add({ code: 'missing_scope', who: ada, request: from('192.0.2.1') });
    const by = { authtype: 'api_key', authid: 'ada', authclaims: JSON.stringify({ via: 'key', credential: '0123' }) };
    expect(told).toMatchObject([
      { key: 'run-1', subject: 'approvals/approval-1', ...by, data: { code: 'may_not_decide', ...about(1), times: 1 } },
      { key: '0123', ...by, data: { code: 'missing_scope', route: '/runs/:id', address: '192.0.2.1', times: 1 } },
    ]);
    for (const event of told) parseEventData(event.type, event.data);
  });

  it('of one kind are published once, and how many there were when the window is over', async () => {
    for (let n = 0; n < 1_000; n++) may('may_not_decide', 1);
    expect(told).toHaveLength(1);
    await attempts.stop();
    expect(told).toMatchObject([{ data: { times: 1 } }, { key: 'run-1', data: { ...about(1), times: 999 } }]);
  });

  it('do not fill the log, whatever somebody tries, and none is left out of the count', async () => {
    for (let n = 0; n < 5_000; n++) may('may_not_decide', n);
    for (let n = 0; n < 5_000; n++)
      attempts.add({ code: 'missing_scope', who: ada, request: from(`10.0.${n}`, `/${n}`) });
    await attempts.stop();
    expect(told.length).toBeLessThan(30);
    expect(times()).toBe(10_000);
    expect(new Set(told.map(({ authid }) => authid))).toEqual(new Set(['ada']));
  });

  it('of whom nobody knows do not fill it from however many addresses, and hide nobody who is known', async () => {
    for (let n = 0; n < 20_000; n++) wrong(`2001:db8::${n.toString(16)}`);
    may('may_not_decide', 1);
    expect(told.at(-1)).toMatchObject({ authid: 'ada' });
    await attempts.stop();
    expect(told.length).toBeLessThan(70);
    expect(times()).toBe(20_001);
  });

  it('of one are not hidden by those of others', () => {
    for (let n = 0; n < 100; n++) may('may_not_decide', n);
    const bob = principalOf({ subject: 'bob', roles: [], groups: [] }, 'key', { id: '4567' });
    may('may_not_decide', 1, bob);
    expect(told.at(-1)).toMatchObject({ authid: 'bob', data: about(1) });
  });

  it('are counted and published later when the log cannot be reached', async () => {
    publish.mockRejectedValue(new Error('down'));
    for (let n = 0; n < 100; n++) may('may_not_decide', n);
    for (let n = 0; n < 2_000; n++) wrong(`10.0.${n}`);
    await attempts.stop();
    publish.mockImplementation(async (events) => void told.push(...(events as Event<'access.refused'>[])));
    await attempts.stop();
    expect(times()).toBe(2_100);
  });

  it('are published when the window is over by itself', async () => {
    attempts = new RefusedAttempts({
      service: 'executor',
      publish,
      log: { warn: () => {} },
      now: systemClock,
      windowMs: 5,
    });
    wrong('10.0.0.1');
    wrong('10.0.0.1');
    await vi.waitFor(() => expect(times()).toBe(2));
  });
});
