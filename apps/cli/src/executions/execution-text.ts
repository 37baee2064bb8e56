import type { Attempt, Execution } from '@countersign/contracts/executions';
import { visibleText } from '@countersign/contracts/text';
import { argumentsText } from '../approvals/show.js';
import type { Screen } from '../terminal/screen.js';
import { statusStyle } from '../commands/status.js';
import { fields } from '../terminal/table.js';
import { when } from '../terminal/words.js';

/** An execution for people. */
export function executionText(screen: Screen, execution: Execution): string[] {
  const { tool_name, tool_args, attempts, progress, cancel } = execution;
  return [
    `${screen.paint('bold', visibleText(tool_name))}  ${screen.paint(statusStyle(execution), execution.status)}`,
    '',
    ...fields(screen, {
      Execution: execution.id,
      Run: execution.run_id,
      'Approved by': execution.approved_by,
      For: execution.requester,
      'Sent by': execution.requested_by === execution.requester ? null : execution.requested_by,
      Created: when(execution.created_at),
      Semantics: execution.terms.semantics.replaceAll('_', ' '),
      'Held by': heldText(execution.held_by),
      Progress:
        progress && [progress.percent === null ? '' : `${progress.percent} %`, progress.message ?? ''].join(' '),
      Cancelled: cancel && `by ${cancel.by ?? 'the system'}: ${cancel.note ?? ''}`,
      Withdrawn: execution.withdrawn,
      Result: execution.result?.trimEnd(),
      Error: execution.error,
      Note: execution.note,
    }),
    '',
    ...argumentsText(screen, 'Arguments', { tool_name, tool_args, presentation: null }),
    ...(attempts.length > 0 ? [screen.paint('dim', 'Attempts')] : []),
    ...attempts.map((attempt) => visibleText(`  ${attemptText(attempt)}`)),
    ...advice(execution),
  ];
}

/** What holds a call that has not begun. */
const heldText = (held: Execution['held_by']): string | null =>
  held &&
  [held.code.replaceAll('_', ' '), held.detail, held.until === null ? [] : `until ${when(held.until)}`]
    .flat()
    .join(', ');

function attemptText({ attempt, started_at, ended_at, outcome, reason, ...who }: Attempt): string {
  const took = ended_at === null ? 'under way' : `${ended_at - started_at} s`;
  return [`${attempt}.`, when(started_at), took, outcome ?? 'running', reason ?? '', `(${makerOf(who)})`]
    .filter(Boolean)
    .join('  ');
}

const makerOf = ({ made_by, worker, reported_by }: Pick<Attempt, 'made_by' | 'worker' | 'reported_by'>): string =>
  made_by === 'person' ? (reported_by ?? 'a person') : (worker ?? '');

/** What a person has to do. */
const advice = ({ status, id }: Execution): string[] => {
  if (status === 'outcome_unknown')
    return [
      '',
      'The outcome is unknown. Check the target, then resolve it:',
      `  countersign executions resolve-unknown ${id} --outcome succeeded --note '…'`,
    ];
  if (status === 'awaiting_report')
    return [
      '',
      'A person makes this call. When it is done:',
      `  countersign executions report ${id} --outcome succeeded --result '…'`,
    ];
  return [];
};
