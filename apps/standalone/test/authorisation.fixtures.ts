import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { adminKey, type Standalone } from './standalone.fixtures.js';

/** The ids of one thing that somebody asked for, all that came of it included. */
export interface Records {
  run_id: string;
  session_id: string;
  approval_id: string;
  /** Of an approval that was approved and executed; there is another run behind it. */
  execution_id: string;
}

const input = 'Deploy the auth-service version 2.1.0 to production.';

export async function keyFor(standalone: Standalone, subject: string, roles: readonly string[]): Promise<string> {
  const body = { name: 'for a test', subject, roles };
  const response = await standalone.ask('POST', '/auth/keys', { key: adminKey, body });
  expect(response.status).toBe(201);
  return ((await response.json()) as { key: string }).key;
}

/** A run of whoever holds the key, or that they start for somebody, which waits for an approval. */
export async function pausedRun(
  standalone: Standalone,
  key: string,
  user_id?: string,
): Promise<Omit<Records, 'execution_id'>> {
  const body = { input, session_id: randomUUID(), ...(user_id !== undefined && { user_id }) };
  const started = await standalone.ask('POST', '/agents/ops/runs', { key, body });
  const { run_id, session_id } = (await started.json()) as Records;
  await standalone.ask('GET', `/runs/${run_id}?wait_for=PAUSED`, { key });
  const approval_id = await vi.waitUntil(() => approvalOf(standalone, run_id), { timeout: 10_000 });
  return { run_id, session_id, approval_id };
}

/** The approval of such a run, made and executed: its id is the execution's. */
export async function executedCall(standalone: Standalone, key: string, user_id?: string): Promise<string> {
  const { run_id, approval_id } = await pausedRun(standalone, key, user_id);
  const body = { status: 'approved' };
  expect((await standalone.ask('POST', `/approvals/${approval_id}/resolve`, { key: adminKey, body })).status).toBe(200);
  const ended = await standalone.ask('GET', `/runs/${run_id}?wait_for=COMPLETED,ERROR`, { key: adminKey });
  expect(await ended.json()).toMatchObject({ status: 'COMPLETED' });
  return approval_id;
}

async function approvalOf(standalone: Standalone, run_id: string): Promise<string | undefined> {
  const response = await standalone.ask('GET', `/approvals?run_id=${run_id}`, { key: adminKey });
  return ((await response.json()) as { data: { id: string }[] }).data[0]?.id;
}
