import type { HintAction } from './hints.js';

interface ProblemEntry {
  status: number;
  /** The same for each such problem; `detail` says what it is this time. */
  title: string;
  /** For the reference. */
  says: string;
  hint?: HintAction;
}

/** Unauthenticated, or not authorized. */
// oxfmt-ignore
const access = {
  unauthenticated: { status: 401, title: 'No credentials', says: 'The request has no key, token or session.', hint: 'sign_in' },
  credential_refused: { status: 401, title: 'Credential refused', says: 'The key, token or link is wrong, used, expired or revoked.', hint: 'sign_in' },
  credential_ended: { status: 401, title: 'Credential ended', says: 'The key, login or session has ended.', hint: 'sign_in' },
  not_signed_by_slack: { status: 401, title: 'Not signed by Slack', says: "The request is not signed with the channel's signing_secret, or is too old." },
  missing_scope: { status: 403, title: 'Scope missing', says: 'The roles of the principal lack a scope that the route requires.', hint: 'ask_administrator' },
  route_closed: { status: 403, title: 'Route closed', says: 'The route declares no scope, so it is closed. It is a bug.' },
  other_origin: { status: 403, title: 'Other origin', says: 'The page that makes the request is of another origin than the server.' },
  csrf_token_missing: { status: 403, title: 'CSRF token missing', says: 'A change made with a session needs its CSRF token.', hint: 'read_csrf_token' },
  reserved_subject: { status: 403, title: 'Subject reserved', says: "The identity provider gives the name of the installation's own administrator." },
  too_many_wrong_credentials: { status: 429, title: 'Too many wrong credentials', says: 'Too many failed attempts from one address.', hint: 'retry_later' },
  identity_provider_unreachable: { status: 503, title: 'Identity provider unreachable', says: 'Its keys cannot be fetched, so tokens cannot be checked.', hint: 'retry_later' },
} as const satisfies Record<string, ProblemEntry>;

/** The request cannot be read. */
// oxfmt-ignore
const reading = {
  bad_request: { status: 400, title: 'Bad request', says: 'The request cannot be read.' },
  invalid_request: { status: 400, title: 'Invalid request', says: 'A parameter or field does not fit; `errors` names each.' },
  unknown_parameter: { status: 400, title: 'Unknown parameter', says: 'The query has a parameter that the route does not have; `errors` names each, and what was probably meant.' },
  not_json: { status: 400, title: 'Not JSON', says: 'The body is no JSON.' },
  not_utf8: { status: 400, title: 'Not UTF-8', says: 'The body is no UTF-8 text.' },
  not_a_form: { status: 400, title: 'Not a form', says: 'The body is no multipart form.' },
  idempotency_key_invalid: { status: 400, title: 'Invalid Idempotency-Key', says: 'It has 1 to 200 characters.' },
  route_not_found: { status: 404, title: 'No such route', says: 'There is no route with this method and path.' },
  method_not_allowed: { status: 405, title: 'Method not allowed', says: 'The path has other methods; the header `Allow` names them.' },
  request_too_slow: { status: 408, title: 'Request too slow', says: 'Its head or body did not arrive in time; the connection is closed.' },
  head_too_large: { status: 431, title: 'Request head too large', says: 'Address and headers have more than 16 KiB; the connection is closed.' },
  body_too_large: { status: 413, title: 'Body too large', says: 'The body is larger than the route takes.' },
  file_in_form: { status: 413, title: 'File in a form', says: 'Forms carry fields here, and no files.' },
  too_large: { status: 422, title: 'Too large', says: 'The result does not fit into one event, of a megabyte, or into one record.' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type', says: 'Bodies are JSON; where a route says so, forms.' },
  wrong_host: { status: 421, title: 'Wrong host', says: 'A server that listens on loopback answers to loopback names only.' },
  too_deep: { status: 422, title: 'Nested too deeply', says: 'The JSON has too many levels.' },
  inexact_number: { status: 422, title: 'Inexact number', says: 'A number cannot be kept exactly; send it as a string.' },
  duplicate_name: { status: 422, title: 'Duplicate name', says: 'An object of the JSON has a name twice.' },
  reserved_name: { status: 422, title: 'Reserved name', says: 'An object of the JSON has a reserved name, such as `__proto__`.' },
  lone_surrogate: { status: 422, title: 'Lone surrogate', says: 'A text of the JSON is not well-formed Unicode.' },
  nul_character: { status: 422, title: 'NUL character', says: 'A text of the JSON has the character U+0000.' },
} as const satisfies Record<string, ProblemEntry>;

/** The server has too much to do, or something behind it is down. */
// oxfmt-ignore
const capacity = {
  rate_limited: { status: 429, title: 'Too many requests', says: 'More requests of one principal, or without credentials of one address, in a minute than `RATE_LIMIT_PER_MINUTE`.', hint: 'retry_later' },
  too_many_open_requests: { status: 429, title: 'Too many requests under way', says: 'The principal has `HTTP_REQUESTS_PER_PRINCIPAL` requests under way.', hint: 'retry_later' },
  too_many_runs: { status: 429, title: 'Too many runs', says: 'Too many runs wait for a worker, of one owner or of all.', hint: 'retry_later' },
  internal_error: { status: 500, title: 'Internal error', says: 'An unexpected error, which was logged.' },
  unavailable: { status: 503, title: 'Unavailable', says: 'The database or the event log is unreachable.', hint: 'retry_later' },
  not_ready: { status: 503, title: 'Not ready', says: 'The service does not work yet, or not on this store; `GET /health/ready` says why.', hint: 'retry_later' },
  upstream_unreachable: { status: 503, title: 'Service unreachable', says: 'The service that the request is forwarded to is unreachable.', hint: 'retry_later' },
} as const satisfies Record<string, ProblemEntry>;

/** Records outside the principal's view answer as not found. */
// oxfmt-ignore
const missing = {
  agent_not_found: { status: 404, title: 'No such agent', says: 'There is no agent with this id, or it is not complete yet.', hint: 'list_agents' },
  approval_not_found: { status: 404, title: 'No such approval', says: 'There is no approval with this id.', hint: 'list_approvals' },
  channel_not_found: { status: 404, title: 'No such channel', says: 'There is no Slack channel with this name.' },
  config_version_not_found: { status: 404, title: 'No such version', says: 'No version of the configuration has this number.' },
  dead_letter_not_found: { status: 404, title: 'No such dead letter', says: 'There is no dead letter with this id.', hint: 'list_dead_letters' },
  delegation_not_found: { status: 404, title: 'No such delegation', says: 'There is no delegation with this id.', hint: 'list_delegations' },
  execution_not_found: { status: 404, title: 'No such execution', says: 'There is no execution with this id.', hint: 'list_executions' },
  grant_not_found: { status: 404, title: 'No such grant', says: 'There is no grant with this id.', hint: 'list_grants' },
  hold_not_found: { status: 404, title: 'No such hold', says: 'There is no legal hold with this id.' },
  inbox_not_built: { status: 404, title: 'Inbox not built', says: 'The files of the inbox are not there.' },
  key_not_found: { status: 404, title: 'No such key', says: 'There is no key with this id.', hint: 'list_keys' },
  not_on_record: { status: 404, title: 'Not on record', says: 'The record is not that long, so there is no such entry or proof.' },
  question_not_found: { status: 404, title: 'No such question', says: 'The approval has no question with this id.', hint: 'reload_approval' },
  run_not_found: { status: 404, title: 'No such run', says: 'There is no run with this id.', hint: 'list_runs' },
  schema_not_found: { status: 404, title: 'No such schema', says: 'No event has a schema of this name.' },
  session_not_found: { status: 404, title: 'No such session', says: 'There is no session with this id, or it belongs to another user or agent.', hint: 'list_sessions' },
} as const satisfies Record<string, ProblemEntry>;

/** A decision does not count. */
// oxfmt-ignore
const decisions = {
  may_not_decide: { status: 403, title: 'May not decide', says: 'The rules do not let this person decide on this call.', hint: 'reload_approval' },
  decision_not_allowed: { status: 403, title: 'Decision not allowed', says: 'The rules do not allow this kind of decision here, such as to edit arguments.', hint: 'reload_approval' },
  already_resolved: { status: 409, title: 'Already resolved', says: 'The approval is not pending any more.', hint: 'reload_approval' },
  approval_expired: { status: 409, title: 'Approval expired', says: 'The deadline has passed; the run continues without the call.', hint: 'reload_approval' },
  already_decided: { status: 409, title: 'Already decided', says: 'Each person counts once.', hint: 'reload_approval' },
  call_changed: { status: 409, title: 'Call changed', says: 'The call is not the one that was looked at any more.', hint: 'reload_approval' },
  others_disagree: { status: 409, title: 'Others approved another call', says: 'Others have approved other values, arguments, or another result or grant.', hint: 'reload_approval' },
  stricter_rule: { status: 409, title: 'Stricter rule', says: 'The call as edited falls under a stricter rule.', hint: 'reload_approval' },
  rejected_by_rule: { status: 409, title: 'Rejected by a rule', says: 'A rule in force rejects the call.', hint: 'reload_approval' },
  decider_unknown: { status: 422, title: 'Decider unknown', says: 'A decision needs an identified person.', hint: 'reload_approval' },
  reason_required: { status: 422, title: 'Reason required', says: 'The rules ask for a reason, as `resolution_data.note`.', hint: 'reload_approval' },
  values_do_not_fit: { status: 422, title: 'Values do not fit', says: 'The values, edited arguments or grant are invalid for the call.' },
  decided_alone: { status: 409, title: 'Decided alone', says: 'A call of this risk, or with a preview, is not approved together with others: look at it, and approve it with `POST /approvals/{id}/resolve`.', hint: 'reload_approval' },
  target_required: { status: 422, title: 'Target required', says: 'Whoever approves a critical call names its target, as `target`.', hint: 'reload_approval' },
  delegation_not_valid: { status: 422, title: 'Delegation not valid', says: 'A deputy is somebody else, and named for a time that ends within 90 days.' },
  may_not_revoke: { status: 403, title: 'May not revoke', says: 'Whoever named a deputy ends it, the deputy, or an administrator.', hint: 'list_delegations' },
  may_not_break_glass: { status: 403, title: 'May not break glass', says: 'The rules do not name this person for it, or the person had a part in the request.', hint: 'reload_approval' },
  may_not_review: { status: 403, title: 'May not review', says: 'Somebody else reviews a broken glass: neither who broke it nor who requested the call.', hint: 'reload_approval' },
  review_open: { status: 409, title: 'Review open', says: 'The review of a broken glass is open; until it is closed the approval is not deleted.', hint: 'reload_approval' },
  review_not_open: { status: 409, title: 'Review not open', says: 'There is no review to close.', hint: 'reload_approval' },
  preview_missing: { status: 409, title: 'Preview missing', says: 'Its tool has not shown what the call would do, or of other arguments: request a preview of what you approve. Where it is there, the decision names the digest of the approval.', hint: 'reload_approval' },
  push_not_possible: { status: 422, title: 'Push not possible', says: 'This is no subscription of a browser in which somebody has signed in, or no channel of Web Push is declared.' },
  preview_not_possible: { status: 409, title: 'Preview not possible', says: 'The tool has none, one is under way, or somebody has approved what the last one showed.', hint: 'reload_approval' },
  question_open: { status: 409, title: 'Question open', says: 'Somebody who may decide has asked a question: who requested the call answers first. To reject is possible.', hint: 'reload_approval' },
  may_not_answer: { status: 403, title: 'May not answer', says: 'Those who requested the call answer, administrators, and others than who asked who may decide.', hint: 'reload_approval' },
  already_answered: { status: 409, title: 'Already answered', says: 'The question was answered or withdrawn.', hint: 'reload_approval' },
  too_many_questions: { status: 422, title: 'Too many questions', says: 'The approval has the maximum number of questions.', hint: 'reload_approval' },
  too_many_comments: { status: 422, title: 'Too many comments', says: 'The approval has the maximum number of comments.', hint: 'reload_approval' },
} as const satisfies Record<string, ProblemEntry>;

/** A run, an execution or another record cannot be changed in this way now. */
// oxfmt-ignore
const changes = {
  approval_required: { status: 403, title: 'Approval required', says: 'The call waits for an approval, not for the client that continues the run.', hint: 'resolve_approval' },
  agent_external: { status: 409, title: 'External agent', says: 'The agent is external: request its calls with `POST /agents/{agent_id}/calls`.' },
  agent_not_external: { status: 409, title: 'Not an external agent', says: 'The agent runs here: start it with `POST /agents/{agent_id}/runs`, or declare one with `external: true`.' },
  caller_not_declared: { status: 403, title: 'Caller not declared', says: 'The agent does not name this subject under `callers`.' },
  tool_not_declared: { status: 422, title: 'Tool not declared', says: 'The agent does not name this tool under `tools`.' },
  call_held: { status: 409, title: 'Call held', says: 'The approved call may not begin yet: a kill switch, a change window or another call holds it.', hint: 'retry_later' },
  claim_lost: { status: 409, title: 'Claim lost', says: 'Another claim has the call, or the lease of this one has expired.', hint: 'reload_execution' },
  run_over: { status: 409, title: 'Run over', says: 'The run has ended; start a new one.', hint: 'reload_run' },
  call_being_made: { status: 409, title: 'Call being made', says: 'The approved call is being made; no result is accepted from the client that continues the run.', hint: 'reload_run' },
  call_not_found: { status: 422, title: 'No such call', says: 'The run has no such call.', hint: 'reload_run' },
  idempotency_key_reused: { status: 422, title: 'Idempotency-Key reused', says: 'The key was used for another request.', hint: 'new_idempotency_key' },
  wrong_execution_state: { status: 409, title: 'Not in this state', says: 'The execution is in a state in which this cannot be done.', hint: 'reload_execution' },
  outcome_unknown: { status: 409, title: 'Outcome unknown', says: 'The outcome of the call is unknown; a person must reconcile it first.', hint: 'settle_execution' },
  execution_withdrawn: { status: 409, title: 'Execution withdrawn', says: 'The run no longer waits for the call.', hint: 'reload_execution' },
  may_be_done_twice: { status: 422, title: 'May be done twice', says: 'The tool is `at_most_once`, and the outcome of the previous start is unknown.', hint: 'retry_even_if_done' },
  tool_not_executed_here: { status: 422, title: 'Tool not executed here', says: 'The executor makes no calls of this tool.' },
  dead_letter_settled: { status: 409, title: 'Dead letter settled', says: 'It was already replayed or discarded.', hint: 'list_dead_letters' },
  not_replayable: { status: 422, title: 'Not replayable', says: 'The message cannot be verified or published, so it is not replayed.' },
  config_invalid: { status: 422, title: 'Invalid configuration', says: 'The file cannot be put in force; `detail` names each problem with its line. The version in force stays.' },
  config_needs_restart: { status: 422, title: 'Restart needed', says: 'The file names other `tool_modules` than those whose code is loaded, or a variable that is not set. Restart all services with it; the version in force stays until then.' },
  config_conflict: { status: 409, title: 'Another version was activated', says: 'Another version was put in force meanwhile; look at it, and try again.', hint: 'retry_later' },
  config_file_changed: { status: 409, title: 'Another file', says: 'The file of the server is not the one whose `digest` was given: somebody has changed it, or it is not all there yet.', hint: 'retry_later' },
  command_invalid: { status: 422, title: 'Invalid command', says: 'The command that the token is for does not fit its schema.' },
} as const satisfies Record<string, ProblemEntry>;

/** Every problem that the HTTP API answers with, by its code. A code never changes its meaning. */
export const problems = { ...access, ...reading, ...capacity, ...missing, ...decisions, ...changes };

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

/** As the reference shows them. */
export const problemGroups = {
  Access: access,
  'The request': reading,
  'The server': capacity,
  'Not found': missing,
  'Decisions that do not count': decisions,
  'Changes that cannot be made': changes,
} as const;
