import type { Ruling } from '@countersign/contracts/approvals';
import { ConfigError } from '@countersign/contracts/problems';
import { after, toEpochSeconds } from '@countersign/contracts/time';
import { expect, it, onTestFinished } from 'vitest';
import { requestFor, ruled } from '../../test/approval.fixtures.js';
import { openApprovals } from '../../test/approvals.fixtures.js';
import { approvalWithSecret, now } from '../../test/notify.fixtures.js';
import { backtestOf, shadowOf } from './backtest.js';

it('says which calls other rules would have decided otherwise, and decides nothing', async () => {
  const open = await openApprovals();
  onTestFinished(() => open.close());
  await open.events.required(requestFor({ approval_id: 'a', requested_by: 'ana' }));
  await open.events.required(
    requestFor({ approval_id: 'b', requested_by: 'ana', tool_args: { service_name: 'search', version: '1' } }),
  );
  const before = await open.store.get('a');
  const at = before!.created_at;
  const text = JSON.stringify({
    policies: {
      rules: [
        {
          name: 'search is free',
          when: { arguments: { service_name: { equals: 'search' } } },
          then: { approve: true },
        },
      ],
      default: { require: { approvers: [{ anyone: true, count: 2 }] } },
    },
  });
  const report = await backtestOf({ text, days: 1 }, open.store, now);
  expect(report).toMatchObject({ total: 2, is_complete: true, otherwise_total: 2, laxer_total: 1 });
  const byId = Object.fromEntries(report.otherwise.map((each) => [each.id, each]));
  expect(byId['a']).toMatchObject({
    then: { approvals: 1 },
    now: { outcome: 'require', approvals: 2 },
    is_laxer: false,
  });
  expect(byId['b']).toMatchObject({ now: { outcome: 'approve', rule: 'search is free' }, is_laxer: true });
  expect(await open.store.get('a')).toEqual(before);
  const later = after(now, 3 * 86_400_000);
  expect(toEpochSeconds(later)).toBeGreaterThan(at);
  expect(await backtestOf({ text, days: 1 }, open.store, later)).toMatchObject({ total: 0, otherwise: [] });
});

it('names no redacted value, and what is wrong with a text', async () => {
  const secret = { ...approvalWithSecret(), policy: null };
  const store = { find: async () => [secret] };
  const text = JSON.stringify({ policies: { default: { approve: true } } });
  const report = await backtestOf({ text, days: 1 }, store, now);
  expect(report.otherwise_total).toBe(1);
  expect(JSON.stringify(report)).not.toContain('s3cret');
  await expect(backtestOf({ text: 'policies: { rules: 7 }', days: 1 }, store, now)).rejects.toThrow(ConfigError);
});

it('says what the rules on trial would have decided otherwise, as it was recorded', async () => {
  const past = (id: string, policy: Ruling | null, shadow: Ruling | null) => ({
    ...approvalWithSecret(),
    id,
    policy,
    shadow,
  });
  const found = [
    past('laxer', ruled('require'), ruled('approve', 'small')),
    past('stricter', ruled('approve'), ruled('require')),
    past('forbidden', null, ruled('reject', 'frozen')),
    past('let go', ruled('reject'), ruled('require')),
    past('the same', ruled('require'), ruled('require', 'another')),
    past('not on trial', ruled('approve'), null),
  ];
  const report = await shadowOf(30, { find: async () => found }, now);
  expect(report).toMatchObject({ total: 5, otherwise_total: 4, laxer_total: 2, is_complete: true });
  expect(report.otherwise.filter(({ is_laxer }) => is_laxer).map(({ id }) => id)).toEqual(['laxer', 'let go']);
  expect(report.otherwise[0]).toMatchObject({ now: { outcome: 'approve', rule: 'small' }, then: { approvals: 1 } });
  expect(JSON.stringify(report)).not.toContain('s3cret');
});
