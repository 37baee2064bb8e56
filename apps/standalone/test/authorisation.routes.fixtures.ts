/** `anybody`, `known` for whoever is known at all, or the scope that it takes. */
type Needs = 'anybody' | 'known' | `${string}:${'read' | 'write' | 'delete'}`;

/**
 * A route: who may use it and, where it is about one record that is somebody's, what that makes of it.
 *
 * - `seen`: whoever may see it. Who only requests sees their own, and of others' it is as if there were none.
 * - `owned`: its owners and administrators alone. To all others it is as if there were none, whatever they may see.
 * - `asked`: whoever asked for it, and nobody else.
 * - `any`: whoever has the scope, whoever's it is.
 */
export interface Rule {
  needs: Needs;
  /** One of these as well. */
  needsOneOf?: readonly Needs[];
  record?: 'seen' | 'owned' | 'asked' | 'any';
  /** How whoever may is answered. */
  ok?: number;
  body?: object;
  /** The run has to be over, so that nothing comes of it. */
  isOver?: true;
  /** Whoever asked for a call may not decide on it, which is another matter. */
  onlyOthers?: true;
}

const seen = (needs: Needs): Rule => ({ needs, record: 'seen', ok: 200 });
const owned = (ok: number, body: object, more: Partial<Rule> = {}): Rule => ({
  needs: 'runs:write',
  record: 'owned',
  ok,
  body,
  ...more,
});
/** What is done to executions is too late here, which only whoever may is told. */
const operated = (body: object): Rule => ({ needs: 'executions:write', record: 'any', ok: 409, body });

/** Only an external agent makes its own calls, and this one is made by the executor, which only its owner is told. */
const asked = (body: object): Rule => ({ needs: 'runs:write', record: 'asked', ok: 409, body });

const anybody: Rule = { needs: 'anybody' };
const known: Rule = { needs: 'known' };
const needs = (scope: Needs): Rule => ({ needs: scope });

/** Every route of the application. One that is not here fails the tests. */
export const routes: Record<string, Rule> = {
  'GET /health/live': anybody,
  'GET /health/ready': anybody,
  'GET /schemas': anybody,
  'GET /schemas/:id': anybody,
  'GET /metrics': needs('metrics:read'),
  'GET /openapi.json': known,
  'GET /.well-known/jwks.json': anybody,
  'GET /.well-known/execution-jwks.json': anybody,
  'GET /.well-known/request-jwks.json': anybody,
  'POST /auth/sign-in': anybody,
  'GET /auth/sign-in': anybody,
  'POST /auth/sign-out': known,
  'GET /auth/me': known,
  // The pages of the inbox, in which nothing is anybody's.
  'GET /': anybody,
  'GET /inbox': anybody,
  'GET /inbox/*': anybody,
  'GET /inbox/assets/*': anybody,
  'GET /inbox/service-worker.js': anybody,

  'GET /agents': needs('runs:read'),
  'GET /agents/:agent_id': needs('runs:read'),
  'GET /config': needs('runs:read'),
  'GET /teams': needs('runs:read'),
  'GET /workflows': needs('runs:read'),
  'GET /runs': needs('runs:read'),
  'GET /runs/:run_id': seen('runs:read'),
  'GET /runs/:run_id/events': seen('runs:read'),
  'GET /sessions': needs('runs:read'),
  'GET /sessions/:session_id': seen('runs:read'),
  'GET /sessions/:session_id/runs': seen('runs:read'),
  'GET /sessions/:session_id/runs/:run_id': seen('runs:read'),
  'POST /sessions/:session_id/rename': owned(200, { session_name: 'The release' }),
  'POST /agents/:agent_id/runs': needs('runs:write'),
  // Of agents that name the subjects that may ask; here there is none.
  'POST /agents/:agent_id/calls': needs('runs:write'),
  'GET /agents/:agent_id/calls/:run_id': needs('runs:read'),
  'POST /mcp/:agent_id': needs('runs:write'),
  'POST /agents/:agent_id/runs/:run_id/continue': owned(409, { tools: [] }, { isOver: true }),
  'POST /runs/:run_id/retry': owned(409, {}, { isOver: true }),
  'POST /agents/:agent_id/runs/:run_id/cancel': owned(200, {}),

  'POST /executions/:id/claim': asked({ claim: 'one' }),
  'POST /executions/:id/extend': asked({ claim: 'one' }),
  'POST /executions/:id/outcome': asked({ claim: 'one', digest: 'x', outcome: 'succeeded', result: '' }),

  'GET /approvals': needs('approvals:read'),
  'GET /approvals/count': needs('approvals:read'),
  'GET /approvals/stats': needs('approvals:read'),
  'GET /approvals/stream': needs('approvals:read'),
  'GET /approvals/:id': seen('approvals:read'),
  'GET /approvals/:id/status': seen('approvals:read'),
  'POST /approvals/resolve': needs('approvals:write'),
  'POST /approvals/:id/resolve': {
    needs: 'approvals:write',
    record: 'any',
    ok: 200,
    body: { status: 'rejected' },
    onlyOthers: true,
  },
  'POST /approvals/:id/comments': { needs: 'approvals:write', record: 'any', ok: 201, body: { text: 'Why?' } },
  'POST /approvals/:id/questions': {
    needs: 'approvals:write',
    record: 'any',
    ok: 201,
    body: { text: 'Why?' },
    onlyOthers: true,
  },
  // Its tool has none.
  'POST /approvals/:id/preview': { needs: 'approvals:write', record: 'any', ok: 409, body: {}, onlyOthers: true },
  // The rules name nobody for it.
  'POST /approvals/:id/break-glass': {
    needs: 'approvals:write',
    record: 'any',
    ok: 403,
    body: { reason: 'Fire.', digest: 'x' },
  },
  'POST /approvals/:id/break-glass/review': { needs: 'approvals:write', record: 'any', ok: 409, body: { text: 'So.' } },
  // Nobody has asked.
  'POST /approvals/:id/questions/:question_id/answer': {
    needs: 'approvals:read',
    needsOneOf: ['runs:write', 'approvals:write'],
    record: 'seen',
    ok: 404,
    body: { text: 'So.' },
  },
  'DELETE /approvals/:id': { needs: 'approvals:delete', record: 'any', ok: 204 },
  // Its messages are signed by Slack.
  'POST /channels/:name/slack': anybody,
  'GET /deliveries': needs('events:write'),
  'GET /events': needs('events:read'),
  'GET /events/stream': needs('events:read'),
  'GET /dead-letters': needs('events:read'),
  'GET /dead-letters/:id': needs('events:write'),
  'POST /dead-letters/:id/replay': needs('events:write'),
  'POST /dead-letters/:id/discard': needs('events:write'),
  'GET /delegations': needs('approvals:read'),
  'POST /delegations': needs('approvals:write'),
  'DELETE /delegations/:id': needs('approvals:write'),
  'GET /push-subscriptions': needs('approvals:write'),
  'POST /push-subscriptions': needs('approvals:write'),
  'DELETE /push-subscriptions/:id': needs('approvals:write'),
  'GET /grants': needs('events:read'),
  'GET /grants/:id': needs('events:read'),
  'DELETE /grants/:id': needs('approvals:write'),

  'GET /executions': needs('executions:read'),
  'GET /executions/:id': seen('executions:read'),
  'GET /executions/:id/output': seen('executions:read'),
  'POST /executions/:id/resolve-unknown': operated({ outcome: 'failed', note: 'no' }),
  'POST /executions/:id/retry': operated({ note: 'no' }),
  'POST /executions/:id/report': operated({ outcome: 'failed', result: 'no' }),
  'POST /executions/:id/cancel': operated({ reason: 'no' }),
  'GET /executions/switches': needs('executions:read'),
  'POST /executions/pause': needs('executions:write'),
  'POST /executions/resume': needs('executions:write'),

  'GET /audit/key': anybody,
  'GET /audit/checkpoint': needs('audit:read'),
  'GET /audit/entries': needs('audit:read'),
  'GET /audit/holds': needs('audit:read'),
  'POST /audit/holds': needs('audit:write'),
  'POST /audit/holds/:id/release': needs('audit:write'),
  'GET /audit/evidence': needs('audit:read'),
  'GET /audit/health': needs('audit:read'),
  'GET /audit/export': needs('audit:read'),
  'GET /audit/proofs/consistency': needs('audit:read'),
  'GET /audit/proofs/inclusion': needs('audit:read'),

  'POST /auth/keys': needs('keys:write'),
  'GET /auth/keys': needs('keys:write'),
  'DELETE /auth/keys/:id': needs('keys:write'),
  'POST /auth/tokens': known,
  'POST /backups': needs('backups:write'),
  'POST /config/reload': needs('config:write'),
  'POST /config/backtest': needs('config:write'),
  'GET /config/shadow': needs('config:write'),
  'GET /config/versions': needs('audit:read'),
  'GET /config/versions/:number': needs('config:write'),
};

/** Parts of paths that name something that is somebody's; a route with one has to say what that makes of it. */
export const owners =
  /^(GET|POST|DELETE|PUT|PATCH) \/(runs\/:|sessions\/:|approvals\/:|executions\/:|agents\/:agent_id\/runs\/:)/;

const reading = ['approvals:read', 'runs:read', 'executions:read', 'events:read', 'audit:read', 'metrics:read'];

/** What each role is for. */
const scopes: Record<string, readonly string[]> = {
  viewer: reading,
  requester: ['runs:read', 'runs:write', 'approvals:read', 'executions:read'],
  approver: [...reading, 'approvals:write'],
  operator: [...reading, 'executions:write', 'events:write'],
  admin: [
    ...reading,
    'runs:write',
    'approvals:write',
    'approvals:delete',
    'executions:write',
    'events:write',
    'keys:write',
    'backups:write',
    'config:write',
    'audit:write',
  ],
};

/** Everybody there is, named by their roles. */
export const people = [
  ...Object.keys(scopes),
  'viewer+requester',
  'approver+requester',
  'operator+requester',
  'approver+operator',
  'approver+operator+requester',
];

export const rolesOf = (person: string): string[] => person.split('+');
export const may = (person: string, scope: string): boolean =>
  rolesOf(person).some((role) => scopes[role]?.includes(scope));
export const isAdmin = (person: string): boolean => rolesOf(person).includes('admin');
export const onlyRequests = (person: string): boolean => rolesOf(person).every((role) => role === 'requester');
