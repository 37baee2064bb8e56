import { ApiError, type CountersignClient } from '@countersign/client';
import type { Approval } from '@countersign/contracts/approvals';
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const request = 'Deploy the auth-service version 2.1.0 to production.';

/** The whole flow, as a client of the HTTP API. It throws unless all of it was seen. */
export async function tell(client: CountersignClient): Promise<void> {
  step('1. Start a run', `"${request}"`);
  const { run_id } = await client.runs.start('ops', { input: request });
  const run = await client.runs.waitFor(run_id, { for: ['PAUSED', 'COMPLETED', 'ERROR'] });
  say(`run ${run_id} is ${run.status}`);
  assert.equal(run.status, 'PAUSED');

  step('2. See what it asks for');
  const approval = await pendingOf(client, run_id);
  for (const field of ['id', 'status', 'source_name', 'tool_name', 'tool_args', 'context', 'digest'] as const) {
    const value = approval[field];
    say(`${field.padEnd(12)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }

  step('3. Approve it');
  const resolution_data = { note: 'looks right' };
  const { id, digest } = approval;
  const resolved = await client.approvals.resolve(id, { status: 'approved', digest, resolution_data });
  say(`${resolved.status} by ${resolved.resolved_by}`);

  step('4. The executor makes exactly that call, and the run goes on with what came of it');
  const done = await client.runs.waitFor(run_id, { for: ['COMPLETED', 'ERROR', 'CANCELLED'], seconds: 30 });
  const [execution] = (await client.executions.list({ run_id })).data;
  say(`execution ${execution?.status}: ${execution?.result}`);
  say(`run is ${done.status}: ${done.content}`);
  assert.equal(done.status, 'COMPLETED');
  assert.match(done.content ?? '', /Deployed auth-service/);

  step('5. Nothing is left to decide, and a second decision is refused');
  const second = await client.approvals.resolve(id, { status: 'rejected' }).catch((error: unknown) => error);
  assert.ok(second instanceof ApiError && second.status === 409, 'a second decision must be refused with 409');
  say(`second decision: ${second.status}: ${second.detail}`);
  const left = (await client.approvals.list({ run_id, status: 'pending' })).meta.total_count;
  say(`pending approvals: ${await client.approvals.countPending()}, of this run: ${left}`);
  assert.equal(left, 0);
}

/** The approval that a run waits for, which comes a moment after its pause. */
async function pendingOf(client: CountersignClient, run_id: string): Promise<Approval> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await delay(50)) {
    const [approval] = (await client.approvals.list({ run_id, status: 'pending' })).data;
    if (approval) return approval;
  }
  throw new Error(`There is no approval for run ${run_id}.`);
}

const step = (title: string, detail = '') => console.log(`\n${title}${detail && `: ${detail}`}`);
const say = (line: string) => console.log(`   ${line}`);
