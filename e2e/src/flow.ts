import type { Approval, RunOutput } from '@countersign/contracts';
import { HttpError, type Client } from './client.js';
import { eventually } from './eventually.js';

export const request = 'Deploy the auth-service version 2.1.0 to production.';

/** The approvals that a run waits for, once all `count` of them are there. */
export function pendingOf(client: Client, runId: string, count = 1): Promise<Approval[]> {
  return eventually(`${count} pending approval(s) of run ${runId}`, async () => {
    const { data } = await client.approvals({ run_id: runId, status: 'pending' });
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

/** Approves, as somebody who tries again when the connection breaks. Being told "already resolved" is fine then. */
export async function approveStubbornly(client: () => Client, id: string): Promise<void> {
  await eventually(`approval ${id} to be resolved`, async () => {
    try {
      return await client().resolve(id, 'approved', 'ada');
    } catch (error) {
      if (error instanceof HttpError && error.status === 409) return true;
      throw error;
    }
  });
}
