import type { Environment } from '@countersign/service/environment';
import { agentRunner, modelFor } from '@countersign/agent-runner';
import { approvalService } from '@countersign/approval-service';
import { auditService } from '@countersign/audit';
import { ensureAdminKey } from '@countersign/auth';
import { executorService } from '@countersign/executor';
import { readConfig, runMain, serve } from '@countersign/service';
import { join, resolve } from 'node:path';
import { seedShowcase } from './showcase/seed.js';
import { StandaloneConfig } from './config.js';
import { isEmpty, readOptions, startSampleRun } from './sample-run.js';

/**
 * The whole system in one process:
 *
 *   agent-runner      asks the model; a call that needs approval pauses the run   ─ tool.approval_required ─►
 *   approval-service  keeps the approval until a person decides                  ─ approval.resolved ──────►
 *   executor          makes exactly the approved call, once                      ─ tool.execution_… ───────►
 *   agent-runner      goes on with what came of it
 *   audit             keeps a record of all of it, which proves itself           ─ audit.recorded ─────────►
 *
 * They share nothing but the events; each also runs as a process of its own.
 */
export function start(environment: Environment): Promise<void> {
  // npm passes a signal on to its shell alone, so whoever ends npm means this.
  const withParent = environment['npm_lifecycle_event'] === 'start';
  return runMain('Countersign', () => startAll(environment), { withParent });
}

async function startAll(given: Environment) {
  const { sample, showcase } = readOptions(process.argv.slice(2));
  const environment = showcase ? { ...showcaseEnvironment, ...given } : given;
  const config = readConfig(StandaloneConfig, environment);
  const isNew = !config.KAFKA_BROKERS && !config.MONGODB_URI && isEmpty(config.DATA_DIR);
  const model = modelFor(config);
  const serving = await serve(config, [
    agentRunner(config, { model, environment }),
    approvalService(config, { environment }),
    executorService(config, { environment }),
    auditService(config),
  ]);
  const { url, auth, log } = serving;
  const key = await ensureAdminKey(resolve(config.DATA_DIR), auth.keys, log);
  const hasSample = sample && isNew && !environment['COUNTERSIGN_CONFIG'];
  if (hasSample) await startSampleRun(url, key);
  if (showcase && isNew) await seedShowcase(url, key);
  const { key_id } = (await auth.keys.identify(key))!;
  const link = await auth.links.create('admin', ['admin'], { key_id });
  const asIs = !environment['COUNTERSIGN_CONFIG'];
  const hint = hintFor({ url, link: url + link.path, keyFile: join(config.DATA_DIR, 'admin.key'), hasSample, asIs });
  return { ...serving, description: { model: model.description, ...serving.description }, hint };
}

/** Records of its own, beside what somebody tries otherwise. */
const showcaseEnvironment: Environment = {
  COUNTERSIGN_CONFIG: 'examples/showcase/countersign.yaml',
  DATA_DIR: '.countersign/showcase',
};

interface Hint {
  url: string;
  link: string;
  keyFile: string;
  hasSample: boolean;
  /** Whether the agents are those that are there without a file of one's own. */
  asIs: boolean;
}

function hintFor(hint: Hint): string {
  const { url, link, keyFile, hasSample, asIs } = hint;
  const elsewhere = asIs ? 'Or start a run in another terminal' : 'Or look at what waits in another terminal';
  const demo = `\n\nor, in another terminal, watch all of it happen: npm run demo -- --url ${url}`;
  return `${hasSample ? '\nA run waits for your approval.' : ''}
Sign in, within ten minutes and once: ${link}

${elsewhere}, with the key in ${keyFile}, and decide there:

  ${commandFor(hint)}${asIs ? demo : ''}`;
}

/** The command line finds by itself what `npm start` keeps where it usually does. */
function commandFor({ url, keyFile, asIs }: Hint): string {
  const key = keyFile === join('.countersign', 'admin.key') ? '' : `COUNTERSIGN_KEY=$(cat ${keyFile}) `;
  const server = url === 'http://127.0.0.1:4000' ? '' : ` --url ${url}`;
  const run = "run 'Deploy the auth-service version 2.1.0 to production.' --agent ops --follow";
  return `${key}npm run -s cli -- ${asIs ? run : 'approvals list'}${server}`;
}
