import { AgentRunnerConfig } from '@countersign/agent-runner';
import { ApprovalServiceConfig } from '@countersign/approval-service';
import { ExecutorConfig } from '@countersign/executor';
import { readConfig } from '@countersign/service';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './blocks.js';

/** What a terminal has after it has sourced the file, beside PATH. */
function sourced(env: Record<string, string> = {}): Record<string, string> {
  const script = '. examples/own-servers.env && node -e "console.log(JSON.stringify(process.env))"';
  const output = execFileSync('sh', ['-c', script], {
    cwd: root,
    env: { PATH: '/usr/bin:/bin', ...env },
    encoding: 'utf8',
  });
  return JSON.parse(output) as Record<string, string>;
}

describe('examples/own-servers.env', () => {
  const env = sourced();
  const runner = readConfig(AgentRunnerConfig, env);
  const approvals = readConfig(ApprovalServiceConfig, env);
  const executor = readConfig(ExecutorConfig, env);
  /** Where something of a service is found when it is started as the page says. */
  const at = ({ HOST, PORT }: { HOST: string; PORT: number }, path = '') => `http://${HOST}:${PORT}${path}`;

  it('names the local servers of `npm run infra`, unless others are set', () => {
    expect(runner.KAFKA_BROKERS).toEqual(['127.0.0.1:9092']);
    expect(runner.MONGODB_URI).toBe('mongodb://127.0.0.1:27017/countersign');
    const others = { KAFKA_BROKERS: 'kafka-1:9092', MONGODB_URI: 'mongodb://db/countersign' };
    expect(sourced(others)).toMatchObject(others);
  });

  it('tells each service where the others are', () => {
    expect(runner.DECISION_VERIFICATION_KEYS).toBe(at(approvals, '/.well-known/jwks.json'));
    expect(runner.RESULT_VERIFICATION_KEYS).toBe(at(executor, '/.well-known/execution-jwks.json'));
    expect(approvals.REQUEST_VERIFICATION_KEYS).toBe(at(runner, '/.well-known/request-jwks.json'));
    expect(approvals.AGENT_RUNNER_URL).toBe(at(runner));
    expect(approvals.EXECUTOR_URL).toBe(at(executor));
  });

  it('names keys that tools/compose-env.mjs makes, and routes that there are', () => {
    const made = readFileSync(join(root, 'tools/compose-env.mjs'), 'utf8');
    for (const name of ['DECISION_SIGNING_KEYS', 'RESULT_SIGNING_KEYS', 'REQUEST_SIGNING_KEYS']) {
      expect(made).toContain(`  ${name}: newKey`);
      expect(env[name]).toBe(`file:.secrets/${name.toLowerCase()}`);
    }
    const routes = globSync('apps/*/src/**/*keys.controller.ts', { cwd: root }).map((file) =>
      readFileSync(join(root, file), 'utf8'),
    );
    for (const [name, url] of Object.entries(env))
      if (name.endsWith('_VERIFICATION_KEYS'))
        expect(routes.join('\n')).toContain(`'${new URL(url).pathname.split('/').at(-1)}'`);
  });
});
