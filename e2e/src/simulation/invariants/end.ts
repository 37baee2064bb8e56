import { isFinishedStatus, type Call, type Run } from '@countersign/contracts/runs';
import { expect } from 'vitest';
import type { World } from '../world.js';

/** Once all is delivered, somebody stands behind each open call of a run that has not ended. */
export function checkNobodyIsForgotten(world: World): void {
  for (const run of world.runs.store.all().filter(({ status }) => !isFinishedStatus(status))) {
    for (const call of run.calls.filter(({ state }) => state === 'asked')) {
      if (!isSeenTo(world, call)) throw new Error(`${run.run_id} waits for ${call.id}, and nobody sees to it`);
    }
  }
}

function isSeenTo({ approvals, executions }: World, { id, made_by, tool_execution }: Call): boolean {
  if (tool_execution.approval_type === null) return true;
  const approval = approvals.store.records.get(id);
  if (approval?.status !== 'approved') return approval?.status === 'pending';
  const execution = executions.store.records.get(id);
  return (
    made_by === 'executor' && ['queued', 'running', 'reconciling', 'outcome_unknown'].includes(execution?.status ?? '')
  );
}

/** What holds once a run is over and everybody has heard of it. */
export function checkNothingIsLeft(world: World, run: Run): void {
  const ofRun = <R extends { run_id: string }>({ run_id }: R) => run_id === run.run_id;
  for (const { id, status } of world.approvals.store.all().filter(ofRun))
    if (status === 'pending') throw new Error(`approval ${id} is pending, and its run is ${run.status}`);
  for (const { id, status } of world.executions.store.all().filter(ofRun))
    if (status === 'queued') throw new Error(`execution ${id} is queued, and its run is ${run.status}`);
}

/** How it must be once everybody has done what was waited for. */
export function checkTheEnd(world: World): void {
  const { runs, approvals, executions } = world;
  for (const run of runs.store.all()) {
    expect(isFinishedStatus(run.status), `${run.run_id} ends, it is ${run.status}: ${run.error}`).toBe(true);
    checkNothingIsLeft(world, run);
    for (const call of run.calls) checkToldOf(world, call);
  }
  for (const { id, status } of executions.store.all())
    expect(['succeeded', 'failed', 'cancelled'], `execution ${id} ends`).toContain(status);
  if (world.log.hasLost) return checkAllIsSettled(world);
  for (const { id, run_status, run_id } of approvals.store.all())
    expect(run_status, `approval ${id} knows how its run ended`).toBe(runs.store.records.get(run_id)!.status);
}

/** Whoever asks again has heard it in the end. */
function checkAllIsSettled({ runs }: World): void {
  for (const { run_id, unsettled } of runs.store.all())
    if (unsettled) throw new Error(`${run_id} is over, and has not heard how its calls ended`);
}

/** The run knows what came of a call that was made. */
function checkToldOf({ executions, ledger }: World, { id, tool_execution: { result } }: Call): void {
  if (ledger.isRestored(id)) return;
  const execution = executions.store.records.get(id);
  if (execution?.status === 'succeeded' || execution?.status === 'failed')
    expect(result ?? '', `what came of ${id}`).toContain(execution.result ?? execution.error);
}
