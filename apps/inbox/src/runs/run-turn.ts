import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { RunOutput } from '@countersign/contracts/runs';
import type { Viewer } from '../approvals/list/views.js';
import { callState, type CallState } from './call-state.js';

/** A call of a run that has not ended, with what is made of it. */
interface OpenCall {
  approval: Approval;
  execution?: Execution | undefined;
}

/** What a paused run waits for, in words for whoever looks: each once, with how many calls it is of. */
export function turnsOf(
  { status }: Pick<RunOutput, 'status'>,
  calls: readonly OpenCall[],
  viewer: Viewer,
): CallState[] {
  if (status !== 'PAUSED') return [];
  const states = calls.map(({ approval, execution }) => callState(approval, execution, viewer));
  return [...Map.groupBy(states, ({ text }) => text)].map(([text, all]) => ({
    tone: all[0]!.tone,
    text: all.length === 1 ? text : `${all.length} ${text}`,
  }));
}

const over: readonly Execution['status'][] = ['succeeded', 'failed', 'cancelled'];

/** Calls by their runs: those that wait for a decision, and those that were approved and are not over. */
export function openCalls(approvals: readonly Approval[], executions: readonly Execution[]): Map<string, OpenCall[]> {
  const made = new Map(executions.map((each) => [each.id, each]));
  const open = approvals.flatMap((approval): OpenCall[] => {
    const execution = made.get(approval.id);
    if (approval.status === 'pending') return [{ approval }];
    return approval.status === 'approved' && execution && !over.includes(execution.status)
      ? [{ approval, execution }]
      : [];
  });
  return Map.groupBy(open, ({ approval }) => approval.run_id);
}
