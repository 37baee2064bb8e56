import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { executedCall, pausedRun } from '../test/authorisation.fixtures.js';
import { adminKey, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const decided = 'countersign_approval_wait_seconds_count{status="approved",decided_by="people"}';

describe('what an operator watches', () => {
  let standalone: Standalone;
  /** What is shown, by name and labels. */
  let shown: Map<string, number>;
  beforeAll(async () => {
    standalone = await openStandalone();
    await executedCall(standalone, adminKey);
    await pausedRun(standalone, adminKey);
    // The approval service hears of its own decision like everybody else.
    shown = await vi.waitUntil(async () => {
      const read = await look();
      return read.has(decided) && read;
    }, 10_000);
  }, 60_000);
  afterAll(() => standalone.close());

  async function look(): Promise<Map<string, number>> {
    const answer = await standalone.ask('GET', '/metrics', { key: adminKey });
    const lines = (await answer.text()).split('\n').filter((line) => line.startsWith('countersign_'));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
  }

  it('is what is not over yet, and for how long people have let it wait', () => {
    expect(Object.fromEntries(shown)).toMatchObject({
      'countersign_runs{status="PENDING"}': 0,
      'countersign_runs{status="RUNNING"}': 0,
      'countersign_runs{status="PAUSED"}': 1,
      'countersign_approvals{status="pending"}': 1,
      'countersign_executions{status="queued"}': 0,
      'countersign_executions{status="outcome_unknown"}': 0,
      'countersign_dead_letters{status="open"}': 0,
    });
    expect(shown.get('countersign_approval_longest_wait_seconds')).toBeGreaterThan(0);
  });

  it('is not how long somebody watched a stream', async () => {
    const answer = await standalone.ask('GET', '/runs?status=COMPLETED', { key: adminKey });
    const [run] = ((await answer.json()) as { data: { run_id: string }[] }).data;
    await (await standalone.ask('GET', `/runs/${run!.run_id}/events`, { key: adminKey })).text();
    await (await standalone.ask('GET', `/runs/${run!.run_id}`, { key: adminKey })).text();
    const routes = [...(await look()).keys()].filter((name) =>
      name.startsWith('countersign_http_request_seconds_count'),
    );
    expect(routes).toContain('countersign_http_request_seconds_count{method="GET",route="/runs/:run_id",status="200"}');
    expect(routes.filter((name) => name.includes('/events"'))).toEqual([]);
  });

  it('is all that the alerts ask for', async () => {
    const exposition = await (await standalone.ask('GET', '/metrics', { key: adminKey })).text();
    // Only a database on another machine has another clock.
    const elsewhere = 'countersign_clock_skew_seconds';
    const known = new Set([elsewhere, ...Array.from(exposition.matchAll(/^# TYPE (\w+)/gm), ([, name]) => name!)]);
    const alerts = readFileSync(new URL('../../../infra/prometheus/alerts.yaml', import.meta.url), 'utf8');
    const asked = new Set([...alerts.matchAll(/countersign_\w+/g)].map(([name]) => name.replace(/_count$/, '')));
    expect(asked.size).toBeGreaterThan(5);
    expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each([
    'countersign_http_request_seconds_count{method="POST",route="/agents/:agent_id/runs",status="202"}',
    'countersign_model_request_seconds_count{model="gpt-5-mini",outcome="answered"}',
    decided,
    'countersign_execution_call_seconds_count{tool="deploy_to_production",outcome="succeeded"}',
    'countersign_events_published_total{type="run.completed"}',
  ])('is what was done and how long it took: %s', (name) => {
    expect(shown.get(name)).toBeGreaterThan(0);
  });
});
