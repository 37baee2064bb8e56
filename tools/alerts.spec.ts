import { parser } from '@prometheus-io/lezer-promql';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Recording {
  record: string;
  expr: string;
  labels: { slo: string };
}

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const { groups } = parse(read('infra/prometheus/alerts.yaml')) as { groups: { rules: (Alert | Recording)[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => 'alert' in rule);
const recordings = rules.filter((rule) => 'record' in rule);
const sections = new Map(
  read('docs/runbook.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
);

describe('the runbook', () => {
  it('has one section for each alert', () => {
    expect([...sections.keys()]).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(alerts)('$alert leads to what to do about it', ({ alert, annotations, labels }) => {
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    expect(sections.get(alert)).toMatch(new RegExp(`^${alert}\n\n_${labels.severity}\\._ .+\n\n.+`, 's'));
    expect(annotations.summary).toMatch(/\.$/);
  });
});

/** The objectives with an error budget, by name: how much of what is counted may fall short. */
const budgets = new Map(
  [...read('docs/slos.md').matchAll(/^\| ([\d.]+) % of .+? \| `(\w+)`/gm)].map(([, percent, name]) => [
    name!,
    Number((1 - Number(percent) / 100).toFixed(6)),
  ]),
);

describe('the error budgets', () => {
  it.each(['bad', 'budget'])('have what is %s recorded for each objective that has a name', (what) => {
    const recorded = recordings.filter(({ record }) => record === `countersign:slo_${what}:rate5m`);
    expect(budgets.size).toBe(4);
    expect(recorded.map(({ labels }) => labels.slo)).toEqual([...budgets.keys()]);
  });

  it('are as large as the objectives leave them', () => {
    const factors = recordings.flatMap(({ expr, labels }) => {
      const factor = /clamp_min\(\s*([\d.]+) \* sum/.exec(expr)?.[1];
      return factor === undefined ? [] : [[labels.slo, Number(factor)] as const];
    });
    expect(new Map(factors)).toEqual(budgets);
  });

  it('are watched by alerts that ask for nothing but what is recorded', () => {
    const known = new Set(recordings.map(({ record }) => record));
    const asked = new Set(alerts.flatMap(({ expr }) => expr.match(/countersign:[\w:]+/g) ?? []));
    expect(asked).toEqual(known);
  });
});

describe("by Prometheus' own grammar", () => {
  const dashboard = JSON.parse(read('infra/grafana/countersign.json')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const queries = {
    rules: rules.map(({ expr }) => expr),
    dashboard: dashboard.panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
    ),
    objectives: [...read('docs/slos.md').matchAll(/`([^`]*countersign_\w+\{?[^`]*\[28d\][^`]*)`/g)].map(([, query]) =>
      query!.replaceAll('\\|', '|'),
    ),
  };

  it.each(Object.entries(queries))('each query of the %s is one', (_, each) => {
    expect(each.length).toBeGreaterThan(4);
    expect(each.filter((query) => !isQuery(query))).toEqual([]);
  });

  it('what is none is found', () => {
    expect(['sum(rate(x[5m])', 'x >', 'a by (b)'].filter(isQuery)).toEqual([]);
  });
});

function isQuery(text: string): boolean {
  let correct = true;
  parser.parse(text).iterate({ enter: ({ type }) => void (correct &&= !type.isError) });
  return correct;
}
