import type { Problem, ProblemCode } from '@countersign/contracts/problems';
import type { Call, ContinueRunRequest, Run } from '@countersign/contracts/runs';
import { argumentProblems } from '@countersign/definitions/templates';
import type { CallerResolution } from '../run/call.js';

/** Why a call is not the caller's to resolve, or not in this way. */
export interface ResolutionProblem {
  code: Extract<ProblemCode, 'approval_required' | 'call_being_made' | 'call_not_found' | 'values_do_not_fit'>;
  message: string;
  /** Of the approval or run that it is about. */
  id: string;
  errors?: NonNullable<Problem['errors']>;
}

/**
 * What a request to continue resolves. agno's clients send every call they know of, resolved or not, as `tools` or as
 * `requirements`; what is resolved already counts as repeated.
 */
export function resolutionsIn(
  run: Run,
  { tools = [], requirements = [] }: ContinueRunRequest,
): { ok: CallerResolution[] } | ResolutionProblem {
  const sent = [
    ...tools.map((tool) => ({ id: undefined, ...tool, ...resolutionOf(tool) })),
    ...requirements.map(({ id, tool_execution, ...requirement }) => ({
      id,
      tool_call_id: tool_execution?.tool_call_id,
      confirmed: requirement.confirmation ?? tool_execution?.confirmed ?? undefined,
      note: requirement.confirmation_note ?? tool_execution?.confirmation_note,
      result: requirement.external_execution_result ?? tool_execution?.result ?? undefined,
      values: valuesIn(requirement.user_input_schema ?? tool_execution?.user_input_schema),
    })),
  ];
  const resolutions: Resolution[] = [];
  for (const { id, tool_call_id, confirmed, note, result, values } of sent) {
    const call = findCall(run, id, tool_call_id);
    if (!call) return noSuchCall(run, id ?? tool_call_id);
    resolutions.push({ call, resolution: { id: call.id, confirmed, note, result, values } });
  }
  const theirs: CallerResolution[] = [];
  const problem = unapproved(run, resolutions) ?? beingMade(run, resolutions);
  if (problem) return problem;
  for (const { call, resolution } of resolutions) {
    if (call.state !== 'asked' || call.tool_execution.approval_type !== null) continue;
    const values = valuesFor(call, resolution.values);
    const problems = values ? valueProblems(call, values) : [];
    if (problems.length > 0) return misfit(run, call, problems);
    theirs.push({ ...resolution, values });
  }
  return { ok: theirs };
}

interface Resolution {
  call: Call;
  resolution: CallerResolution;
}

type ToolResolution = NonNullable<ContinueRunRequest['tools']>[number];

const resolutionOf = ({ confirmed, confirmation_note, result, user_input_schema }: ToolResolution) => ({
  confirmed: confirmed ?? undefined,
  note: confirmation_note,
  result: result ?? undefined,
  values: valuesIn(user_input_schema),
});

/** Only fields that were filled in. */
function valuesIn(fields: ToolResolution['user_input_schema']): Record<string, unknown> | undefined {
  const filled = (fields ?? []).filter(({ value }) => value !== null && value !== undefined);
  return filled.length > 0 ? Object.fromEntries(filled.map(({ name, value }) => [name, value])) : undefined;
}

/** The latest call with the id, since some models use an id again. */
const findCall = ({ calls }: Run, id: string | undefined, tool_call_id: string | undefined): Call | undefined =>
  calls.find((each) => each.id === id) ??
  calls.findLast(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id);

const noSuchCall = ({ run_id: id }: Run, call: string | undefined): ResolutionProblem => ({
  code: 'call_not_found',
  message: `Run ${id} has no call "${call}".`,
  id,
});

/**
 * Whoever continues a run cannot take the place of whoever approves. Calls that the request only mentions are left alone,
 * unless there is nothing else in it.
 */
function unapproved({ calls }: Run, resolutions: readonly Resolution[]): ResolutionProblem | undefined {
  const meant = resolutions.filter(({ resolution }) => isResolved(resolution)).map(({ call }) => call);
  const call = (meant.length > 0 ? meant : calls).find(
    ({ state, confirmation, tool_execution }) =>
      state === 'asked' && confirmation === null && tool_execution.approval_type !== null,
  );
  if (!call) return undefined;
  const message = `The call of ${call.tool_execution.tool_name} waits for approval. An authorized person must resolve approval ${call.id}; the run then continues.`;
  return { code: 'approval_required', message, id: call.id };
}

function beingMade({ run_id: id }: Run, resolutions: readonly Resolution[]): ResolutionProblem | undefined {
  const executing = resolutions.find(
    ({ call, resolution }) =>
      call.state !== 'answered' && call.tool_execution.approval_type !== null && resolution.result !== undefined,
  );
  if (!executing) return undefined;
  const message = `The approved call of ${executing.call.tool_execution.tool_name} is being made; no result is accepted from the client that continues the run.`;
  return { code: 'call_being_made', message, id };
}

const isResolved = ({ confirmed, values, result }: CallerResolution): boolean =>
  confirmed !== undefined || values !== undefined || result !== undefined;

/** Those of fields that the call has. */
function valuesFor({ user_input_schema: fields }: Call, values: Record<string, unknown> | undefined) {
  if (!values || !fields) return undefined;
  return Object.fromEntries(Object.entries(values).filter(([name]) => fields.some((each) => each.name === name)));
}

function valueProblems({ user_input_schema }: Call, values: Record<string, unknown>): string[] {
  const fields = user_input_schema ?? [];
  return argumentProblems(
    {
      type: 'object',
      properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
      required: fields.filter(({ required }) => required).map(({ name }) => name),
    },
    values,
  );
}

function misfit({ run_id: id }: Run, { tool_execution }: Call, problems: readonly string[]): ResolutionProblem {
  const path = `user_input_schema.${tool_execution.tool_call_id}`;
  return {
    code: 'values_do_not_fit',
    message: `What was filled in does not fit: ${problems.join('; ')}`,
    id,
    errors: problems.map((message) => ({ path, message })),
  };
}
