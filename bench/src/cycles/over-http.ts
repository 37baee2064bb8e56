import { approvalId } from '@countersign/contracts';
import type { RunStatus } from '@countersign/contracts/runs';
import { backoffMs } from '@countersign/contracts/time';
import { setTimeout as delay } from 'node:timers/promises';
import { authorization } from '../credentials.js';
import type { Cycle } from './load.js';
import { send } from '../runs/send.js';
import { input, toolCallId } from './services.js';

/** One cycle as a client and a person's tool make it: start, wait, decide, wait. */
export async function cycleOverHttp({ runs, approvals }: { runs: string; approvals: string }): Promise<Cycle> {
  const { run_id } = (await send(`${runs}/agents/ops/runs`, { input })) as { run_id: string };
  await waitFor(runs, run_id, 'PAUSED');
  const approval = `${approvals}/approvals/${approvalId(run_id, toolCallId)}`;
  // The approval is made from an event that the paused run sent.
  for (let retries = 0; !(await fetch(approval, { headers: { authorization } }).then(drained)).ok; retries++)
    await delay(backoffMs({ first_ms: 1, longest_ms: 50 }, retries));
  const began = performance.now();
  await send(`${approval}/resolve`, { status: 'approved' });
  await waitFor(runs, run_id, 'COMPLETED');
  return { resume: performance.now() - began };
}

async function waitFor(origin: string, runId: string, status: RunStatus): Promise<void> {
  const run = await send(`${origin}/runs/${runId}?wait_for=${status},ERROR&timeout=20`);
  if ((run as { status: RunStatus }).status !== status)
    throw new Error(`a run is not ${status}: ${JSON.stringify(run)}`);
}

/** The connection is free for the next request once the answer is read. */
async function drained(response: Response): Promise<Response> {
  await response.arrayBuffer();
  return response;
}
