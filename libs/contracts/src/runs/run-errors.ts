import type { RunErrorCode } from './run-error.js';

interface RunErrorEntry {
  /** `waits`: the run asks again by itself. `mend`: that too, and somebody has to mend something first. `ends`: it is over. */
  then: 'waits' | 'mend' | 'ends';
  /** For the reference. */
  says: string;
  /** Whether a run that ended so goes on with `POST /runs/{run_id}/retry`. */
  retry?: boolean;
}

/** Why a run waits, or ended with an error. A code never changes its meaning. */
// oxfmt-ignore
export const runErrors = {
  model_unauthorized: { then: 'mend', says: 'The provider refuses the API key (401).' },
  model_forbidden: { then: 'mend', says: 'The provider does not allow it to this key (403).' },
  model_not_found: { then: 'mend', says: 'There is no such model, or no such address, at the provider (404).' },
  model_quota_exceeded: { then: 'mend', says: 'The quota or the credit at the provider is used up.' },
  model_rate_limited: { then: 'waits', says: 'The provider asks for fewer requests (429).' },
  model_unavailable: { then: 'waits', says: 'The provider is out of reach, or fails (5xx).' },
  model_timed_out: { then: 'waits', says: 'No answer came within `MODEL_TIMEOUT_SECONDS`.' },
  model_unreadable: { then: 'waits', says: 'What came is no response of the protocol.' },
  agent_incomplete: { then: 'waits', says: 'A tool of the agent is out of reach, such as that of an MCP server.' },
  session_busy: { then: 'waits', says: 'Another run of the session has its turn.' },
  model_request_refused: { then: 'ends', retry: true, says: 'The provider refuses the request in each form (400, 422).' },
  model_input_too_large: { then: 'ends', retry: true, says: 'The request is too large for the provider (413).' },
  model_context_exceeded: { then: 'ends', retry: true, says: 'The conversation is too long for the model.' },
  model_prompt_refused: { then: 'ends', retry: true, says: "The provider's filter refuses what was said." },
  too_many_failures: { then: 'ends', retry: true, says: 'The model failed `max_failures` times in a row.' },
  agent_unfit: { then: 'ends', retry: true, says: 'The agent or a tool that was called is gone, or is not what it was.' },
  not_storable: { then: 'ends', retry: true, says: 'What came can never be stored.' },
  not_publishable: { then: 'ends', retry: true, says: 'The log never takes what the run waits for, such as for its size.' },
  deadline_passed: { then: 'ends', retry: true, says: 'The deadline of the run has passed.' },
  session_refused: { then: 'ends', says: 'The session belongs to another user or agent.' },
  max_steps_reached: { then: 'ends', says: 'The agent may take no more steps.' },
  token_budget_spent: { then: 'ends', says: 'The agent may use no more tokens.' },
  time_budget_spent: { then: 'ends', says: 'The agent may work no longer.' },
} as const satisfies Record<string, RunErrorEntry>;

const entry = (code: RunErrorCode): RunErrorEntry => runErrors[code];

/** Whether somebody has to mend something before a run that waits so can go on. */
export const needsOperator = (code: RunErrorCode): boolean => entry(code).then === 'mend';
/** Whether a run that ended so may be tried again; one that ended before there were codes may. */
export const mayRetry = (code: RunErrorCode | null): boolean => code === null || entry(code).retry === true;
