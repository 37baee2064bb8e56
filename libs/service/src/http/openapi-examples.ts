const digest = '7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730';
const claim = 'caller/worker-7';

/** A body for each route that takes one, for readers of the OpenAPI document and generators of clients. */
export const bodyExamples: Readonly<Record<string, object>> = {
  'POST /auth/sign-in': { key: 'cs_…' },
  'POST /auth/keys': { name: 'release platform', subject: 'release-platform', roles: ['requester'] },
  'POST /auth/tokens': {
    command: { type: 'run.requested', data: { agent_id: 'ops', input: 'Deploy auth-service 2.1.0.' } },
  },
  'POST /agents/{agent_id}/runs': { input: 'Deploy auth-service 2.1.0.', user_id: 'ana@example.com' },
  'POST /agents/{agent_id}/runs/{run_id}/continue': {
    tools: [{ tool_call_id: 'call_1', user_input_schema: [{ name: 'answer', value: 'Blue.' }] }],
  },
  'POST /agents/{agent_id}/runs/{run_id}/cancel': { reason: 'The release is postponed.' },
  'POST /agents/{agent_id}/calls': {
    calls: [{ tool_name: 'refund', tool_args: { order: 'A-17', amount: 80 } }],
    reason: 'The parcel is lost.',
  },
  'POST /mcp/{agent_id}': { jsonrpc: '2.0', id: 1, method: 'tools/list' },
  'POST /runs/{run_id}/retry': { deadline_in: 3600 },
  'POST /sessions/{session_id}/rename': { session_name: 'The release of auth-service' },
  'POST /approvals/{id}/resolve': { status: 'approved', digest, resolution_data: { note: 'Go ahead.' } },
  'POST /approvals/resolve': { ids: ['6ce8d14d-85a5-8a8d-af25-15b0e15a4af7'], status: 'rejected' },
  'POST /approvals/{id}/comments': { text: 'The tests are still running.' },
  'POST /approvals/{id}/questions': { text: 'Which ticket is this for?' },
  'POST /approvals/{id}/questions/{question_id}/answer': { text: 'OPS-4711.' },
  'POST /approvals/{id}/preview': { tool_args: { service_name: 'auth-service', version: '2.1.1' } },
  'POST /approvals/{id}/break-glass': { reason: 'Production is down.', digest },
  'POST /approvals/{id}/break-glass/review': { text: 'It was the right thing to do.' },
  'POST /push-subscriptions': {
    endpoint: 'https://push.example.com/send/f3a9',
    keys: { p256dh: 'B'.repeat(87), auth: 'k'.repeat(22) },
  },
  'POST /delegations': { deputy: 'grace@example.com', ends_at: 1_800_000_000, reason: 'On leave.' },
  'POST /audit/holds': { run_id: 'b1946ac9-2f3c-4f0e-9c1d-6a2f6b1d7e55', reason: 'A case is pending.' },
  'POST /audit/holds/{id}/release': { reason: 'The case is closed.' },
  'POST /config/reload': { dry_run: true },
  'POST /config/backtest': { text: 'agents: []', days: 7 },
  'POST /dead-letters/{id}/replay': { note: 'The executor is mended.' },
  'POST /dead-letters/{id}/discard': { note: 'A test.' },
  'POST /executions/pause': { tool_name: 'deploy_to_production', reason: 'An incident.' },
  'POST /executions/resume': { tool_name: 'deploy_to_production' },
  'POST /executions/{id}/resolve-unknown': { outcome: 'succeeded', note: 'It is there.' },
  'POST /executions/{id}/retry': { note: 'It was not there.' },
  'POST /executions/{id}/report': { outcome: 'succeeded', result: 'Done by hand.' },
  'POST /executions/{id}/claim': { claim },
  'POST /executions/{id}/extend': { claim },
  'POST /executions/{id}/outcome': { claim, digest, outcome: 'succeeded', result: 'Refunded.' },
  'POST /executions/{id}/cancel': { reason: 'The wrong version.' },
};
