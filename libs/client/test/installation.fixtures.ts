import { agentRunner, agentRunnerSettings } from '@countersign/agent-runner';
import { approvalService, approvalServiceSettings } from '@countersign/approval-service';
import { auditService, auditSettings } from '@countersign/audit';
import { executorService, executorSettings } from '@countersign/executor';
import { processSettings, readConfig, serve, serviceSettings } from '@countersign/service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export const adminKey = 'a-key-for-tests-that-nobody-else-uses-ever';

const Config = z.object({
  ...serviceSettings,
  ...agentRunnerSettings,
  ...approvalServiceSettings,
  ...executorSettings,
  ...auditSettings,
  ...processSettings('countersign', 0),
});

/** The scripted model plays an agent with one tool, whose calls people make. */
const definitions = `
agents:
  - { id: ops, name: Operations, instructions: You deploy., tools: [deploy_to_production] }
  - { id: bot, name: Bot, external: true, callers: [bot], tools: [refund, echo, deploy_to_production] }
tools:
  - name: deploy_to_production
    description: Deploys.
    parameters: { type: object, properties: { service_name: { type: string }, version: { type: string } } }
    approval: required
    requires: external_execution
    execute: { manual: { instructions: Deploy it. } }
  - name: refund
    description: Pays money back.
    parameters: { type: object, properties: { order: { type: string }, amount: { type: number } } }
    execute: { caller: { lease: 2s } }
  - name: echo
    description: Says it again.
    parameters: { type: object, properties: { text: { type: string } }, required: [text] }
    execute: { command: { program: node, args: ['-e', 'console.log(process.argv[1])', '{{arguments.text}}'] } }
policies:
  default: { require: { allow: [approve, reject, edit, result, grant], four_eyes: false } }
`;

/** All of Countersign in this process. */
export interface Installation {
  url: string;
  close(): Promise<void>;
}

export async function openInstallation(): Promise<Installation> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-client-'));
  const file = join(dir, 'countersign.yaml');
  writeFileSync(file, definitions);
  const config = readConfig(Config, {
    COUNTERSIGN_CONFIG: file,
    DATA_DIR: dir,
    LOG_LEVEL: 'silent',
    ADMIN_KEY: adminKey,
    RATE_LIMIT_PER_MINUTE: '0',
  });
  const serving = await serve(config, [
    agentRunner(config),
    approvalService(config),
    executorService(config),
    auditService(config),
  ]);
  return {
    url: serving.url,
    async close() {
      await serving.stop();
      rmSync(dir, { recursive: true });
    },
  };
}
