import type { Approval } from '@countersign/contracts/approvals';
import type { RunOutput } from '@countersign/contracts/runs';
import type { Client } from './client.js';
import { eventually } from './eventually.js';

export const request = 'Deploy the auth-service version 2.1.0 to production.';

/** The approvals that a run waits for, once all `count` of them are there. */
export function pendingOf(client: Client, runId: string, count = 1): Promise<Approval[]> {
  return eventually(`${count} pending approval(s) of run ${runId}`, async () => {
    const { data } = await client.approvals.list({ run_id: runId, status: 'pending' });
    return data.length === count && data;
  });
}

/** Starts a run and waits until its one call waits for a decision. */
export async function pausedRun(client: Client, input = request): Promise<{ run: RunOutput; approval: Approval }> {
  const { run_id } = await client.startRun(input);
  const run = await client.waitForRun(run_id, ['PAUSED', 'COMPLETED', 'ERROR']);
  const [approval] = await pendingOf(client, run_id);
  return { run, approval: approval! };
}
