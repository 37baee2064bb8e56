/**
 * Rolls one version of a service out on Kubernetes, and says how far it is:
 *
 *   node rollout.mjs start  NAMESPACE -- SERVICE IMAGE EXECUTION
 *   node rollout.mjs status NAMESPACE -- SERVICE EXECUTION
 *
 * The deployment says in an annotation which execution changed it last, in the same change, so that `status` can tell
 * whether it was made. Exit codes of `start`: 75 when nothing was sent, 76 when unknown. Of `status`: 1 when the
 * change was not made, 2 when unknown.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const annotation = 'countersign.dev/execution';
const patience = '300s';

/** kubectl's own words, of a server that was not reached, and of one that has refused. */
const notReached = /connection to the server .* was refused|dial tcp|no configuration has been provided/i;
const refused = /Error from server \((NotFound|Forbidden|BadRequest|Invalid|Conflict|Unauthorized)\)|must be logged in/;

/** Runs kubectl; what it prints goes on as it comes, unless it is `quiet`. */
function kubectl(namespace, args, { quiet = false } = {}) {
  const { promise, resolve } = Promise.withResolvers();
  const child = spawn('kubectl', ['--namespace', namespace, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const read = (line) => {
    output += `${line}\n`;
    if (!quiet) tell(line);
  };
  createInterface({ input: child.stdout }).on('line', read);
  createInterface({ input: child.stderr }).on('line', read);
  child.on('error', (error) => resolve({ code: 127, output: error.message }));
  child.on('close', (code) => resolve({ code: code ?? 1, output }));
  return promise;
}

function tell(line) {
  console.log(line);
  const [, done, all] = /(\d+) (?:out )?of (\d+) (?:new|updated) replicas/.exec(line) ?? [];
  if (all !== undefined) console.log(`::progress ${Math.round((100 * done) / all)} ${done} of ${all} replicas`);
}

async function start(namespace, service, image, execution) {
  const metadata = { annotations: { [annotation]: execution } };
  const template = { metadata, spec: { containers: [{ name: service, image }] } };
  const patch = JSON.stringify({ metadata, spec: { template } });
  const patched = await kubectl(namespace, ['patch', 'deployment', service, '--type', 'strategic', '--patch', patch]);
  if (patched.code === 127 || notReached.test(patched.output)) return 75;
  if (patched.code !== 0) return refused.test(patched.output) ? 1 : 76;
  return (await rolledOut(namespace, service)) ?? 76;
}

async function status(namespace, service, execution) {
  const found = await kubectl(namespace, ['get', 'deployment', service, '--output', 'json'], { quiet: true });
  if (found.code !== 0) {
    console.log(found.output);
    return 2;
  }
  const { annotations = {} } = JSON.parse(found.output).metadata;
  if (annotations[annotation] !== execution) return 1;
  return (await rolledOut(namespace, service)) === 0 ? 0 : 2;
}

/** @returns 0 when it is, 1 when it never will be, undefined when unknown. */
async function rolledOut(namespace, service) {
  const waited = await kubectl(namespace, ['rollout', 'status', `deployment/${service}`, '--timeout', patience]);
  if (waited.code === 0) return 0;
  return /exceeded its progress deadline/.test(waited.output) ? 1 : undefined;
}

// What stands after -- is no option, whatever it begins with.
const { positionals } = parseArgs({ allowPositionals: true, options: {} });
const [what, ...args] = positionals;
process.exitCode = await (what === 'status' ? status(...args) : start(...args));
