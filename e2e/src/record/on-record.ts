import { dataSchema, type EventName } from '@countersign/contracts';
import {
  AuditEntryPage,
  AuditHealth,
  AuditKey,
  ConsistencyProof,
  InclusionProof,
  SignedCheckpoint,
} from '@countersign/contracts/audit';
import { verifyEvidence } from '@countersign/evidence';
import { includes, isConsistent, leafHash, openCheckpoint, readKey } from '@countersign/transparency';
import { expect } from 'vitest';
import type { z } from 'zod';
import { eventually } from '../world/eventually.js';
import { pausedRun } from '../world/flow.js';
import type { Stack } from '../world/stack.js';

const told: EventName[] = [
  'run.started',
  'tool.approval_required',
  'run.paused',
  'approval.created',
  'approval.decision_recorded',
  'approval.resolved',
  'tool.execution_started',
  'tool.execution_completed',
  'run.continued',
  'run.completed',
];

/** All that happens in a run is on record, in one order, and the record proves it by itself. */
export async function checkOnRecord(stack: Stack): Promise<void> {
  const { run, approval } = await pausedRun(stack.client);
  // Where there is another one it goes on; where all is one process, that comes back. See record/crash.spec.ts for each step.
  await stack.children('audit').at(-1)!.kill();
  await stack.start();
  const { client } = stack;
  async function ask<T extends z.ZodType>(shape: T, path: string, query = {}): Promise<z.infer<T>> {
    return shape.parse(await client.request('GET', path, { query }));
  }
  const before = await ask(SignedCheckpoint, '/audit/checkpoint');
  await expect((await client.for('vera', { roles: ['viewer'] })).approvals.resolve(approval.id, { status: 'approved' }))
    .rejects //
    .toMatchObject({ code: 'missing_scope' });
  await expect(client.auth.signIn('not a key')).rejects.toMatchObject({ code: 'credential_refused' });
  await client.resolve(approval.id, 'approved', 'ada');
  await client.waitForRun(run.run_id, ['COMPLETED']);

  const { data: entries } = await eventually('all of a run to be on record', async () => {
    const page = await ask(AuditEntryPage, '/audit/entries', { run_id: run.run_id });
    const types = page.data.map(({ leaf }) => (JSON.parse(leaf!) as { type: EventName }).type);
    return told.every((type) => types.includes(type)) && page;
  });
  const sequences = entries.map(({ leaf }) => (JSON.parse(leaf!) as { sequence: number }).sequence);
  expect(sequences).toEqual(entries.map((_, n) => n + 1));

  const decided = entries.map(({ leaf }) => JSON.parse(leaf!) as Record<string, unknown>);
  expect(decided.filter(({ type }) => type === 'approval.decision_recorded')).toMatchObject([
    { authtype: 'api_key', authid: 'ada' },
  ]);
  const started = decided.find(({ type }) => type === 'tool.execution_started');
  expect(started).toMatchObject({
    authtype: 'system',
    causationid: decided.find(({ type }) => type === 'approval.resolved')!['id'],
  });

  await eventually('attempts that were refused to be on record', async () => {
    const page = await ask(AuditEntryPage, '/audit/entries', { type: 'access.refused' });
    const refused = page.data.map(({ leaf }) => JSON.parse(leaf!) as { authid?: string; data: { code: string } });
    return (
      refused.some(({ authid, data }) => authid === 'vera' && data.code === 'missing_scope') &&
      refused.some(({ authid, data }) => authid === undefined && data.code === 'credential_refused')
    );
  });

  for (const id of told.map(dataSchema))
    expect(await (await fetch(`${stack.children('audit').at(-1)!.url}/schemas/${id}`)).json()).toMatchObject({
      $id: id,
    });

  const hold = await client.audit.hold({ run_id: run.run_id, reason: 'a case' });
  expect((await client.audit.holds()).data).toMatchObject([{ id: hold.id, status: 'in_force' }]);
  await eventually('the hold to be on record', async () => {
    const { data } = await ask(AuditEntryPage, '/audit/entries', { run_id: run.run_id, type: 'audit.hold_placed' });
    return data.length > 0;
  });
  expect(await client.audit.release(hold.id, 'it is closed')).toMatchObject({ status: 'released' });

  const key = readKey((await ask(AuditKey, '/audit/key')).key);
  const signed = await ask(SignedCheckpoint, '/audit/checkpoint');
  const checkpoint = await openCheckpoint(signed.note, key);
  for (const { index, leaf } of entries) {
    const { size, proof } = await ask(InclusionProof, '/audit/proofs/inclusion', { index, size: checkpoint.size });
    const claim = { leaf: leafHash(Buffer.from(leaf!)), index, size, root: checkpoint.root, proof: proof.map(bytes) };
    expect(includes(claim)).toBe(true);
  }
  const older = await openCheckpoint(before.note, key);
  const { proof } = await ask(ConsistencyProof, '/audit/proofs/consistency', { from: older.size, to: checkpoint.size });
  expect(isConsistent({ before: older, after: checkpoint, proof: proof.map(bytes) })).toBe(true);

  const evidence = await client.audit.evidence(run.run_id);
  const { key: trusted } = await client.audit.key();
  const report = await verifyEvidence(evidence, trusted);
  expect(report).toMatchObject({
    holds: true,
    notes: [],
    missing: [],
    repeated: [],
    unnumbered: 0,
    rules: [{ rules: { groups: expect.anything() } }],
    agents: [{ definition: { tools: expect.anything() } }],
    calls: [{ tool_name: 'deploy_to_production', approved_by: ['ada'], arguments_checked: true, outcome: 'succeeded' }],
  });

  await eventually('the record to be published, and a checkpoint of it', async () => {
    const health = await ask(AuditHealth, '/audit/health');
    expect(health).toMatchObject({ conflicts: 0, repeated: 0, is_whole: true });
    return health.published > entries.at(-1)!.index && health.checkpoint > entries.at(-1)!.index;
  });
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
