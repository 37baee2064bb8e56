import { describe, expect, it } from 'vitest';
import { useInstallation } from '../../test/installation.fixtures.js';

const there = useInstallation();

describe('a run that is followed', () => {
  it('tells its steps as notes and prints the answer alone, and ends as the run did', async () => {
    const { run_id, id } = await there.waiting('2.0.0');
    const followed = there.cli(['runs', 'follow', run_id]);
    await there.cli(['approvals', 'approve', id]);
    const { code, out, err } = await followed;
    expect(code).toBe(0);
    expect(out).toMatch(/^I am the scripted model[^]*- Deployed search 2\.0\.0[^]*\n$/);
    expect(err).toMatch(/▶ ops[^]*⏸ deploy_to_production[^]*✔ deploy_to_production\n {4}Deployed search 2\.0\.0/);
  });

  it('is a line of JSON for each event to a script', async () => {
    const { run_id, id } = await there.waiting('2.1.0');
    await there.cli(['approvals', 'approve', id]);
    const { out, err } = await there.cli(['runs', 'follow', run_id, '--json']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect([events[0], events.at(-1), err]).toEqual(['RunStarted', 'RunCompleted', '']);
  });

  it('ends with 8 when it is paused and nobody is to be waited for', async () => {
    const { run_id } = await there.waiting('2.2.0');
    expect((await there.cli(['runs', 'follow', run_id, '--until-paused'])).code).toBe(8);
  });

  it('ends with 7 when it is cancelled, with the reason', async () => {
    const { run_id } = await there.waiting('2.3.0');
    const followed = there.cli(['runs', 'follow', run_id]);
    expect((await there.cli(['runs', 'cancel', run_id, '--reason', 'wrong service'])).out).toContain('CANCELLED');
    const { code, out, err } = await followed;
    expect({ code, out }).toEqual({ code: 7, out: '' });
    expect(err).toContain('cancelled: wrong service');
  });

  it('needs an agent to be named where there are several', async () => {
    const { code, err } = await there.cli(['run', 'Deploy.']);
    expect({ code, err }).toEqual({ code: 2, err: 'Which agent? Name it with --agent: ops, gardener.\n' });
  });
});

describe('runs', () => {
  it('are listed and shown', async () => {
    const { run_id } = await there.waiting('3.0.0');
    expect((await there.cli(['runs', 'list', '--status', 'PAUSED'])).out).toContain(run_id);
    const { out } = await there.cli(['runs', 'show', run_id]);
    expect(out).toMatch(/^ops {2}PAUSED\n[^]*… deploy_to_production service_name=search version=3\.0\.0 {2}approval /);
  });
});
