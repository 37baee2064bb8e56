import type { Run, RunErrorCode } from '@countersign/contracts/runs';
import { millisOf, secondsOf, type EpochMillis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { rested } from '../states.js';

/** Why a run may not ask its model once more. */
export interface Limit {
  code: Extract<RunErrorCode, 'max_steps_reached' | 'token_budget_spent' | 'time_budget_spent' | 'too_many_failures'>;
  error: string;
}

/** The limit of its agent that a run has reached, if it has. */
export function limitReached(run: Run, agent: Agent, now: EpochMillis): Limit | undefined {
  const { id, max_steps, budget, max_failures } = agent;
  const tokens = run.usage.input_tokens + run.usage.output_tokens;
  const worked = rested(run, now).worked_ms;
  if (run.steps >= max_steps)
    return { code: 'max_steps_reached', error: `no answer after ${run.steps} model calls, the limit of ${id}` };
  if (budget.tokens !== null && tokens >= budget.tokens)
    return {
      code: 'token_budget_spent',
      error: `no answer after ${tokens} tokens, the budget of ${id} is ${budget.tokens}`,
    };
  if (budget.seconds !== null && worked >= millisOf(budget.seconds))
    return {
      code: 'time_budget_spent',
      error: `no answer after ${Math.floor(secondsOf(worked))} s of work, the budget of ${id} is ${budget.seconds} s`,
    };
  if (max_failures !== undefined && run.failures >= max_failures)
    return {
      code: 'too_many_failures',
      error: `no answer after ${run.failures} failures in a row, the limit of ${id}: ${run.error}`,
    };
  return undefined;
}
