import { agentRunner, modelFor } from '@countersign/agent-runner';
import { approvalService } from '@countersign/approval-service';
import { executorService } from '@countersign/executor';
import { readConfig, runMain, serve } from '@countersign/service';
import { StandaloneConfig } from './config.js';

/**
 * The whole system in one process:
 *
 *   agent-runner      asks the model; a call that needs approval pauses the run   ─ tool.approval_required ─►
 *   approval-service  keeps the approval until somebody decides                  ─ approval.resolved ──────►
 *   executor          makes exactly the approved call, once                      ─ tool.execution_… ───────►
 *   agent-runner      goes on with what came of it
 *
 * They share nothing but the events; each also runs as a process of its own.
 */
await runMain('Countersign', async () => {
  const environment = process.env;
  const config = readConfig(StandaloneConfig, environment);
  const model = modelFor(config);
  const serving = await serve(config, [
    agentRunner(config, { model, environment }),
    approvalService(config),
    executorService(config, { environment }),
  ]);
  return { ...serving, description: { model: model.description, ...serving.description }, hint: hint(serving.url) };
});

function hint(url: string): string {
  return `
Start a run, then see what it asks for:

  curl ${url}/agents/ops/runs -H 'content-type: application/json' \\
    -d '{"input": "Deploy the auth-service version 2.1.0 to production."}'
  curl '${url}/approvals?status=pending'

or, in another terminal, watch all of it happen: npm run demo -- --url ${url}`;
}
