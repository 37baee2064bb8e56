import { AgentRunnerConfig } from '@countersign/agent-runner';
import { ApprovalServiceConfig } from '@countersign/approval-service';
import { AuditConfig } from '@countersign/audit';
import { eventNames, services } from '@countersign/contracts';
import { ExecutorConfig } from '@countersign/executor';
import { secretFiles } from '@countersign/service';
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chartFile, chartValues, type Values } from './chart-values.js';

// infra/src/helm/chart.spec.ts renders the chart with Helm; what the project itself knows is here.
const configs = {
  'agent-runner': AgentRunnerConfig,
  'approval-service': ApprovalServiceConfig,
  executor: ExecutorConfig,
  audit: AuditConfig,
};
const templates = globSync('templates/*', { cwd: new URL('../infra/helm/countersign/', import.meta.url) });
const text = templates.map((file) => chartFile(file)).join('\n');

describe('the chart', () => {
  it('creates the topic of every event; `vitest run -u --project tools` writes them anew', async () => {
    const names = eventNames.toSorted().join('\n');
    await expect(`${names}\n`).toMatchFileSnapshot('../infra/helm/countersign/topics.txt');
  });

  it('has a deployment for each service, and scales each', () => {
    expect(Object.keys(chartValues['services'] as Values).toSorted()).toEqual(services.toSorted());
  });

  it('sets what there is, and reads secrets from files where there are such settings', () => {
    const known = new Set(Object.values(configs).flatMap(({ shape }) => Object.keys(shape)));
    const secrets = new Set(Object.values(configs).flatMap((config) => [...secretFiles(config).values()]));
    const deployments = chartFile('templates/deployments.yaml');
    const set = [...deployments.matchAll(/name: ([A-Z][A-Z_]+),/g)].map(([, name]) => name!);
    const helpers = chartFile('templates/_helpers.tpl');
    const asked = [...helpers.matchAll(/^([A-Z][A-Z_]+): \{\{/gm)].map(([, name]) => name!);
    const inFiles = [...helpers.matchAll(/"([A-Z][A-Z_]+)" "\w+"/g)].map(([, name]) => name!);
    expect(set.length + asked.length).toBeGreaterThan(14);
    expect([...set, ...asked].filter((name) => !known.has(name))).toEqual([]);
    expect(inFiles.filter((name) => !secrets.has(name) && !known.has(`${name}_FILE`))).toEqual([]);
  });

  it('runs each pod by the standard `restricted`, without a token of the cluster', () => {
    const pods = text.split('automountServiceAccountToken: false').length - 1;
    expect(pods).toBe(2);
    expect(text.split('include "countersign.podSecurity"').length - 1).toBe(pods);
    expect(text.split('include "countersign.containerSecurity"').length - 1).toBe(pods);
    for (const rule of ['runAsNonRoot: true', 'RuntimeDefault', 'drop: [ALL]', 'allowPrivilegeEscalation: false'])
      expect(text).toContain(rule);
  });
});
