/** What a campaign did and what became of it. */
export interface Report {
  stack: string;
  seed: number;
  minutes: number;
  began_at: string;
  rounds: number;
  /** How often each kind of disturbance happened. */
  disturbances: Record<string, number>;
  runs: { started: number; completed: number; cancelled: number; failed: number };
  decisions: { approved: number; rejected: number };
  calls: {
    by_callers: number;
    starts: number;
    succeeded: number;
    failed: number;
    cancelled: number;
    outcomes_unknown: number;
  };
  /** What services put aside, by code. */
  dead_letters: Record<string, number>;
  /** From the last disturbance to the end of the last run. */
  settled_after_seconds: number;
  held: string[];
  violations: string[];
  timeline: { at_seconds: number; what: string }[];
}

const counts = (of: Record<string, number>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** For people. */
export function textOf(report: Report): string {
  const { runs, decisions, calls, held, violations } = report;
  return [
    `Chaos on ${report.stack}, seed ${report.seed}, ${report.minutes} min, ${report.rounds} rounds`,
    `  disturbed     ${counts(report.disturbances)}`,
    `  runs          ${counts(runs)}`,
    `  decisions     ${counts(decisions)}`,
    `  calls         ${counts(calls)}`,
    `  dead letters  ${counts(report.dead_letters)}`,
    `  all was settled ${report.settled_after_seconds} s after the last disturbance`,
    ...held.map((what) => `  held      ${what}`),
    ...violations.map((what) => `  VIOLATED  ${what}`),
  ].join('\n');
}
