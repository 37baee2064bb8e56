/** Who may use each route: anybody, whoever is known, or whoever has the scope. */
export const access: Record<string, string> = {
  'GET /health/live': 'anybody',
  'GET /health/ready': 'anybody',
  'GET /metrics': 'metrics:read',
  'GET /.well-known/jwks.json': 'anybody',
  'POST /auth/sign-in': 'anybody',
  'GET /auth/sign-in': 'anybody',
  'POST /auth/sign-out': 'known',
  'GET /auth/me': 'known',

  'GET /agents': 'runs:read',
  'GET /agents/{agent_id}': 'runs:read',
  'GET /runs': 'runs:read',
  'GET /runs/{run_id}': 'runs:read',
  'GET /runs/{run_id}/events': 'runs:read',
  'GET /sessions': 'runs:read',
  'GET /sessions/{session_id}': 'runs:read',
  'GET /sessions/{session_id}/runs': 'runs:read',
  'POST /agents/{agent_id}/runs': 'runs:write',
  'POST /agents/{agent_id}/runs/{run_id}/continue': 'runs:write',
  'POST /agents/{agent_id}/runs/{run_id}/cancel': 'runs:write',

  'GET /approvals': 'approvals:read',
  'GET /approvals/count': 'approvals:read',
  'GET /approvals/stream': 'approvals:read',
  'GET /approvals/{id}': 'approvals:read',
  'GET /approvals/{id}/status': 'approvals:read',
  'POST /approvals/resolve': 'approvals:write',
  'POST /approvals/{id}/resolve': 'approvals:write',
  'POST /approvals/{id}/comments': 'approvals:write',
  'DELETE /approvals/{id}': 'approvals:delete',
  // Its messages are signed by Slack.
  'POST /channels/{name}/slack': 'anybody',
  'GET /deliveries': 'approvals:delete',
  'GET /grants': 'events:read',
  'GET /grants/{id}': 'events:read',
  'DELETE /grants/{id}': 'approvals:write',

  'GET /executions': 'executions:read',
  'GET /executions/{id}': 'executions:read',
  'GET /executions/{id}/output': 'executions:read',
  'POST /executions/{id}/resolve-unknown': 'executions:write',
  'POST /executions/{id}/retry': 'executions:write',
  'POST /executions/{id}/report': 'executions:write',
  'POST /executions/{id}/cancel': 'executions:write',
  'GET /executions/switches': 'executions:read',
  'POST /executions/pause': 'executions:write',
  'POST /executions/resume': 'executions:write',

  'POST /auth/keys': 'keys:write',
  'GET /auth/keys': 'keys:write',
  'DELETE /auth/keys/{id}': 'keys:write',
  'POST /auth/tokens': 'approvals:write',
};

const reading = ['approvals:read', 'runs:read', 'executions:read', 'events:read', 'metrics:read'];

/** What each role is for. */
export const scopes: Record<string, readonly string[]> = {
  viewer: reading,
  requester: ['runs:read', 'runs:write', 'approvals:read', 'executions:read'],
  approver: [...reading, 'approvals:write'],
  admin: [
    ...reading,
    'runs:write',
    'approvals:write',
    'approvals:delete',
    'executions:write',
    'events:write',
    'keys:write',
  ],
};
