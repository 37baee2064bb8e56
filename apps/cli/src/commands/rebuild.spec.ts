import { systemClock, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import type { StoreRebuilt } from '@countersign/doctor';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { eventually, useInstallation } from '../../test/installation.fixtures.js';
import { exitCodes } from '../connection/exit-codes.js';

const installation = useInstallation();
const { cli, json, waiting, endOf, whileStopped } = installation;

it('rebuilds the store from the log: what is proven, nothing else, and nothing is executed by it', async () => {
  const before = new Date().toISOString();
  const [done, unclear, open] = [await waiting('1.0.0'), await waiting('0.1.0'), await waiting('2.0.0')];
  for (const { id } of [done, unclear]) await cli(['approvals', 'approve', id]);
  await endOf(done.run_id);
  const statusOf = async (id: string) => (await json<{ status: string }>('executions', 'show', id)).status;
  await eventually('a call whose outcome is unknown', async () =>
    (await statusOf(unclear.id).catch(() => '')) === 'outcome_unknown' ? true : undefined,
  );
  const hold = { EXECUTION_HOLD: 'the store was lost' };
  await whileStopped(async (env) => {
    const file = new DatabaseSync(join(env['DATA_DIR']!, 'countersign.sqlite'));
    const tables = file
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all();
    for (const { name } of tables) if (!['log', 'positions'].includes(String(name))) file.exec(`DELETE FROM ${name}`);
    file.close();
    const rebuild = async (...args: string[]) =>
      JSON.parse(
        (await cli(['--json', 'rebuild', 'store', ...args], { env: { ...env, ...hold } })).out,
      ) as StoreRebuilt;

    const dry = await rebuild('--dry-run');
    expect(dry).toMatchObject({
      unreadable: 0,
      runs: { rebuilt: 1, there: 0 },
      approvals: { rebuilt: 2, there: 0 },
      executions: { rebuilt: 2, there: 0 },
      outcome_unknown: [unclear.id],
      not_believed: [],
    });
    expect(dry.runs_lost.toSorted()).toEqual([unclear.run_id, open.run_id].toSorted());
    // What was decided can be as of a time, and what was done cannot.
    expect(await rebuild('--dry-run', '--until', before)).toMatchObject({
      approvals: { rebuilt: 0 },
      executions: { rebuilt: 2 },
      outcome_unknown: [unclear.id],
    });
    expect(await cli(['rebuild', 'store', '--until', 'yesterday'], { env })).toMatchObject({ code: exitCodes.usage });
    expect((await cli(['rebuild', 'store'], { env })).err).toContain('EXECUTION_HOLD');
    expect(await rebuild()).toMatchObject({ dry_run: false, executions: { rebuilt: 2 } });
    expect(await rebuild()).toMatchObject({ executions: { rebuilt: 0, there: 2 }, approvals: { there: 2 } });
    const log = await cli(['rebuild', 'log', '--dry-run'], { env });
    expect(log.out).toContain('0 runs, 0 approvals and 1 executions are not over');
  }, hold);
  expect(await endOf(done.run_id)).toMatchObject({ status: 'COMPLETED', run_input: expect.stringContaining('1.0.0') });
  expect(await json('approvals', 'show', done.id)).toMatchObject({ status: 'approved', run_status: 'COMPLETED' });
  expect([await statusOf(done.id), await statusOf(unclear.id)]).toEqual(['succeeded', 'outcome_unknown']);
  await cli(['executions', 'resolve-unknown', unclear.id, '--outcome', 'succeeded', '--note', 'It is there.']);
  expect(await statusOf(unclear.id)).toBe('succeeded');
});

it('begins on an empty log once somebody has said so: what waits is published again at once', async () => {
  const { id, run_id } = await waiting('3.0.0');
  // Records say when they began by the second.
  const then = toEpochSeconds(systemClock());
  await eventually('the next second', async () => (toEpochSeconds(systemClock()) > then ? true : undefined));
  const late = await waiting('4.0.0');
  await whileStopped(async (env) => {
    const file = new DatabaseSync(join(env['DATA_DIR']!, 'countersign.sqlite'));
    file.exec('DELETE FROM log; DELETE FROM positions');
    file.close();
  });
  const readiness = async () => (await fetch(`${installation.url}/health/ready`)).json() as Promise<{ checks: object }>;
  await eventually('the loss to be noticed', async () =>
    JSON.stringify(await readiness()).includes('log_forgotten') ? true : undefined,
  );
  expect((await cli(['approvals', 'approve', id])).err).toContain(
    'Nothing is changed here until the store and the log',
  );

  const hold = { EXECUTION_HOLD: 'the log was lost' };
  await whileStopped(async (env) => {
    const dry = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await cli(['--json', 'rebuild', 'log', '--dry-run', ...args], { env })).out);
    const until = ['--until', new Date(toEpochMillis(then)).toISOString()];
    expect(await dry()).toMatchObject({ asked_again: [run_id, late.run_id], ended: [], ended_count: 0 });
    expect(await dry(...until)).toMatchObject({ asked_again: [run_id], ended: [late.run_id], ended_count: 1 });
    const { out } = await cli(['rebuild', 'log', ...until], { env: { ...env, ...hold } });
    expect(out).toContain(`end, with what has not begun for them: 1:\n  ${late.run_id}`);
    expect(await dry(...until)).toMatchObject({ ended: [late.run_id] });
  }, hold);
  await eventually('what waits to be on the log', async () => {
    const { out } = await cli(['events', 'tail', '--no-follow', '--run', run_id, '--json']);
    return out.includes('tool.approval_required') ? true : undefined;
  });
  expect(await json('approvals', 'show', id)).toMatchObject({ status: 'pending' });
  // As of then the second run was not there: it ends, and nobody is asked for it any more.
  expect(await endOf(late.run_id)).toMatchObject({ status: 'ERROR', error_code: 'deadline_passed' });
  await eventually('its approval to be cancelled', async () =>
    (await json<{ status: string }>('approvals', 'show', late.id)).status === 'cancelled' ? true : undefined,
  );
});
