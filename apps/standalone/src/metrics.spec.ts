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
      'countersign_dead_letter_records{status="open"}': 0,
      countersign_open_reviews: 0,
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

  describe('is all that is asked for', () => {
    const infra = new URL('../../../infra/', import.meta.url);
    const text = (file: string) => readFileSync(new URL(file, infra), 'utf8');
    /** Only a database on another machine has another clock. */
    const elsewhere = 'countersign_clock_skew_seconds';
    let known: Set<string>;
    beforeAll(async () => {
      const exposition = await (await standalone.ask('GET', '/metrics', { key: adminKey })).text();
      known = new Set([elsewhere, ...Array.from(exposition.matchAll(/^# TYPE (\w+)/gm), ([, name]) => name!)]);
    });

    it.each([
      ['the alerts', () => text('prometheus/alerts.yaml')],
      ['the dashboard', () => text('grafana/countersign.json')],
      ['the objectives', () => text('../docs/slos.md')],
      ['what scales the chart', () => text('helm/countersign/templates/autoscaling.yaml')],
    ])('by %s', (_, read) => {
      const asked = new Set(
        [...read().matchAll(/countersign_\w+/g)].map(([name]) => name.replace(/_(count|bucket)$/, '')),
      );
      expect(asked.size).toBeGreaterThan(2);
      expect([...asked].filter((name) => !known.has(name))).toEqual([]);
    });

    it('by each panel of the dashboard, which names a query and asks the chosen Prometheus', () => {
      interface Panel {
        type: string;
        title: string;
        targets?: { expr: string; datasource: { uid: string } }[];
      }
      const { panels } = JSON.parse(text('grafana/countersign.json')) as { panels: Panel[] };
      for (const { type, title, targets = [] } of panels) {
        if (type === 'row') continue;
        expect(targets.length, title).toBeGreaterThan(0);
        for (const { expr, datasource } of targets) {
          expect(expr, title).toContain('countersign_');
          expect(datasource.uid).toBe('${datasource}');
        }
      }
    });
  });

  it('is what waits to be handled, to be published and to begin', () => {
    const named = (name: string) => [...shown].filter(([each]) => each.startsWith(name));
    const lag = named('countersign_consumer_lag_messages{');
    expect(lag.map(([name]) => name)).toContain(
      'countersign_consumer_lag_messages{group="executor",topic="approval.resolved"}',
    );
    expect(lag.every(([, messages]) => messages >= 0)).toBe(true);
    expect(shown.get('countersign_executions_queued{tool="deploy_to_production"}')).toBe(0);
    expect(shown.get('countersign_executions_due')).toBe(0);
    expect(shown.get('countersign_execution_oldest_queued_seconds')).toBe(0);
    expect(named('countersign_outbox_oldest_seconds{').map(([, seconds]) => seconds)).not.toContain(undefined);
    expect(shown.get('countersign_outbox_oldest_seconds{collection="runs"}')).toBe(0);
  });

  it.each([
    'countersign_http_request_seconds_count{method="POST",route="/agents/:agent_id/runs",status="202"}',
    'countersign_model_request_seconds_count{model="gpt-5-mini",outcome="answered"}',
    decided,
    'countersign_execution_call_seconds_count{tool="deploy_to_production",outcome="succeeded"}',
    'countersign_execution_start_seconds_count{tool="deploy_to_production"}',
    'countersign_events_published_total{type="run.completed"}',
  ])('is what was done and how long it took: %s', (name) => {
    expect(shown.get(name)).toBeGreaterThan(0);
  });
});
