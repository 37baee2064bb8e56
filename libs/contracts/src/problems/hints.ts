import { z } from 'zod';

interface Action {
  /** What the id of the hint is of; null: there is no id. */
  of: 'approval' | 'run' | 'execution' | null;
  /** The request that does it, where there is one. */
  http: string | null;
  /** For people. */
  says: string;
}

/** The remedy for a problem. Programs branch on the name; a name never changes its meaning. */
export const hintActions = {
  sign_in: { of: null, http: 'POST /auth/sign-in', says: 'Sign in, or use another key or token.' },
  ask_administrator: { of: null, http: null, says: 'Ask an administrator for a role that allows it.' },
  read_csrf_token: { of: null, http: 'GET /auth/me', says: 'Send its `csrf_token` as the header x-csrf-token.' },
  retry_later: {
    of: null,
    http: null,
    says: 'Try the same again, after the seconds that the header retry-after names.',
  },
  new_idempotency_key: { of: null, http: null, says: 'Use a new Idempotency-Key for a new request.' },
  list_agents: { of: null, http: 'GET /agents', says: 'List the agents.' },
  list_approvals: { of: null, http: 'GET /approvals', says: 'List the approvals.' },
  list_dead_letters: { of: null, http: 'GET /dead-letters', says: 'List the dead letters.' },
  list_executions: { of: null, http: 'GET /executions', says: 'List the executions.' },
  list_delegations: { of: null, http: 'GET /delegations', says: 'List who decides in whose place.' },
  list_grants: { of: null, http: 'GET /grants', says: 'List the grants.' },
  list_keys: { of: null, http: 'GET /auth/keys', says: 'List the keys.' },
  list_runs: { of: null, http: 'GET /runs', says: 'List the runs.' },
  list_sessions: { of: null, http: 'GET /sessions', says: 'List the sessions.' },
  reload_approval: {
    of: 'approval',
    http: 'GET /approvals/{id}',
    says: 'See where the approval stands, and decide on that.',
  },
  resolve_approval: {
    of: 'approval',
    http: 'POST /approvals/{id}/resolve',
    says: 'An authorized person must resolve the approval; the run then continues.',
  },
  reload_run: { of: 'run', http: 'GET /runs/{id}', says: 'See where the run stands, and which calls it has.' },
  reload_execution: { of: 'execution', http: 'GET /executions/{id}', says: 'See where the execution stands.' },
  settle_execution: {
    of: 'execution',
    http: 'POST /executions/{id}/resolve-unknown',
    says: 'Find out the outcome of the call, and report it.',
  },
  retry_even_if_done: {
    of: 'execution',
    http: 'POST /executions/{id}/retry',
    says: 'Send `"even_if_done": true`, once it is certain that a second start does no harm.',
  },
} as const satisfies Record<string, Action>;

export type HintAction = keyof typeof hintActions;
export const hintActionNames = Object.keys(hintActions) as [HintAction, ...HintAction[]];

export const Hint = z
  .object({
    action: z
      // Whoever reads an action that is new since has the detail.
      .union([z.enum(hintActionNames), z.string()])
      .meta({ description: 'The remedy, for programs; docs/problems.md lists them.' }),
    id: z.string().nullable().meta({ description: 'Of what it is done to; null when the action needs none.' }),
  })
  .meta({ id: 'Hint' });
export type Hint = z.infer<typeof Hint>;
