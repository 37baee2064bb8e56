import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { RunOutput } from '@countersign/contracts/runs';
import type { LedgerEntry } from '../world/world.js';

/** All that is known at the end; what people did is what they were told has been recorded. */
export interface Evidence {
  /** The target's own. */
  ledger: readonly LedgerEntry[];
  runs: readonly RunOutput[];
  approvals: readonly Approval[];
  executions: readonly Execution[];
  /** Runs and decisions that were confirmed to whoever asked for them. */
  started: ReadonlySet<string>;
  decided: ReadonlyMap<string, 'approved' | 'rejected'>;
  /** Agents that make their calls themselves, and have not heard what came of one. */
  waiting: readonly string[];
  /** Calls that a person has had made once more. */
  allowedAgain: ReadonlySet<string>;
}

type Promised = readonly [what: string, violations: (evidence: Evidence) => string[]];

const startsOf = ({ ledger }: Evidence, id: string): number[] =>
  ledger.flatMap((entry) => (entry.what === 'start' && entry.id === id ? [entry.attempt] : []));
const idempotent = 'deploy_again';
const isOver = ({ status }: RunOutput): boolean => ['COMPLETED', 'CANCELLED', 'ERROR'].includes(status);
const statusIn = (records: readonly { status: string }[], ...statuses: string[]) =>
  records.filter(({ status }) => statuses.includes(status));

/** What is promised, whatever happens. */
const promises: readonly Promised[] = [
  [
    'nothing is started without an approval that a person has given',
    ({ ledger, decided }) =>
      ledger
        .filter(({ what, id }) => what === 'start' && decided.get(id) !== 'approved')
        .map(({ id, tool }) => `${tool} ${id} was started, and is ${decided.get(id) ?? 'not decided'}`),
  ],
  [
    'nothing that is to start at most once is started twice without a person',
    (evidence) =>
      evidence.executions
        .filter(({ id, tool_name }) => tool_name !== idempotent && !evidence.allowedAgain.has(id))
        .filter(({ id }) => startsOf(evidence, id).length > 1)
        .map(({ id, tool_name }) => `${tool_name} ${id} was started ${startsOf(evidence, id).length} times`),
  ],
  [
    'no attempt is started twice, and each start is on record',
    (evidence) =>
      evidence.executions.flatMap(({ id, tool_name, attempts }) => {
        const starts = startsOf(evidence, id);
        const isTwice = new Set(starts).size < starts.length;
        return isTwice || starts.length > attempts.length
          ? [`${tool_name} ${id}: attempts ${starts.join()} of ${attempts.length}`]
          : [];
      }),
  ],
  [
    'what is said to have succeeded was started',
    (evidence) =>
      statusIn(evidence.executions, 'succeeded')
        .map((execution) => (execution as Execution).id)
        .filter((id) => startsOf(evidence, id).length === 0)
        .map((id) => `${id} succeeded, and its target was never told`),
  ],
  [
    'what was confirmed to a person is not lost',
    ({ runs, approvals, started, decided }) => {
      const known = new Set(runs.map(({ run_id }) => run_id));
      const status = new Map(approvals.map((approval) => [approval.id, approval.status]));
      return [
        ...[...started].filter((id) => !known.has(id)).map((id) => `run ${id} is gone`),
        ...[...decided]
          .filter(([id, verdict]) => status.get(id) !== verdict)
          .map(([id, verdict]) => `${id} was ${verdict}, and is ${status.get(id) ?? 'gone'}`),
      ];
    },
  ],
  [
    'every run ends, and nothing waits for something that will not come',
    ({ runs, approvals, executions, waiting }) => [
      ...waiting.map((caller) => `${caller} has not heard what came of its call`),
      ...runs.filter((run) => !isOver(run)).map(({ run_id, status, error }) => `run ${run_id} is ${status}: ${error}`),
      ...runs.filter(({ status }) => status === 'ERROR').map(({ run_id, error }) => `run ${run_id} failed: ${error}`),
      ...statusIn(approvals, 'pending').map((approval) => `approval ${(approval as Approval).id} is pending`),
      ...statusIn(executions, 'queued', 'running', 'reconciling', 'outcome_unknown').map(
        (execution) => `execution ${(execution as Execution).id} is ${execution.status}`,
      ),
    ],
  ],
];

/** Which promises held, and what broke the others. */
export function judge(evidence: Evidence): { held: string[]; violations: string[] } {
  const judged = promises.map(([what, violations]) => [what, violations(evidence)] as const);
  return {
    held: judged.filter(([, found]) => found.length === 0).map(([what]) => what),
    violations: judged.flatMap(([what, found]) => found.map((each) => `${what}: ${each}`)),
  };
}
