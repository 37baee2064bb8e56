import type { Call, ContinueRunRequest, Run } from '@countersign/contracts';
import { argumentProblems } from '@countersign/definitions';
import { ProblemError } from '@countersign/service';
import type { CallerResolution } from '../run/call.js';

/**
 * What a request to continue resolves. agno's clients send every call they know of, resolved or not, as `tools` or as
 * `requirements`; what is resolved already counts as said again.
 *
 * @throws ProblemError for a call that is not the caller's to resolve, or not in this way.
 */
export function resolutionsIn(run: Run, { tools = [], requirements = [] }: ContinueRunRequest): CallerResolution[] {
  const given = [
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
  const resolutions = given.map(({ id, tool_call_id, confirmed, note, result, values }) => {
    const call = findCall(run, id, tool_call_id);
    return { call, resolution: { id: call.id, confirmed, note, result, values } };
  });
  mustBeApproved(run, resolutions);
  return resolutions
    .filter(({ call }) => call.state === 'asked' && call.tool_execution.approval_type === null)
    .map(({ call, resolution }) => ({ ...resolution, values: checkedValues(call, resolution.values) }));
}

type Given = NonNullable<ContinueRunRequest['tools']>[number];

const resolutionOf = ({ confirmed, confirmation_note, result, user_input_schema }: Given) => ({
  confirmed: confirmed ?? undefined,
  note: confirmation_note,
  result: result ?? undefined,
  values: valuesIn(user_input_schema),
});

/** Only fields that were filled in. */
function valuesIn(fields: Given['user_input_schema']): Record<string, unknown> | undefined {
  const filled = (fields ?? []).filter(({ value }) => value !== null && value !== undefined);
  return filled.length > 0 ? Object.fromEntries(filled.map(({ name, value }) => [name, value])) : undefined;
}

/** The latest call with the id, since some models use an id again. */
function findCall({ run_id, calls }: Run, id: string | undefined, tool_call_id: string | undefined): Call {
  const call =
    calls.find((each) => each.id === id) ??
    calls.findLast(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id);
  if (call) return call;
  throw new ProblemError(
    422,
    `Run ${run_id} has no call "${id ?? tool_call_id}". GET /runs/${run_id} shows its calls.`,
  );
}

/**
 * Whoever continues a run cannot take the place of whoever approves. Calls that the request only mentions are left alone,
 * unless there is nothing else in it.
 */
function mustBeApproved({ calls }: Run, given: readonly { call: Call; resolution: CallerResolution }[]): void {
  const meant = given.filter(({ resolution }) => isResolved(resolution)).map(({ call }) => call);
  const unapproved = (meant.length > 0 ? meant : calls).find(
    ({ state, confirmation, tool_execution }) =>
      state === 'asked' && confirmation === null && tool_execution.approval_type !== null,
  );
  if (unapproved) {
    throw new ProblemError(
      403,
      `The call of ${unapproved.tool_execution.tool_name} needs an approval that has not been given. Somebody who may has to resolve approval ${unapproved.id}; the run then goes on by itself.`,
    );
  }
  const executing = given.find(
    ({ call, resolution }) =>
      call.state !== 'answered' && call.tool_execution.approval_type !== null && resolution.result !== undefined,
  );
  if (!executing) return;
  throw new ProblemError(
    409,
    `The approved call of ${executing.call.tool_execution.tool_name} is being made; its result is not taken from whoever continues the run.`,
  );
}

const isResolved = ({ confirmed, values, result }: CallerResolution): boolean =>
  confirmed !== undefined || values !== undefined || result !== undefined;

function checkedValues(call: Call, values: Record<string, unknown> | undefined) {
  const fields = call.user_input_schema;
  if (!values || !fields) return undefined;
  const given = Object.fromEntries(
    Object.entries(values).filter(([name]) => fields.some((each) => each.name === name)),
  );
  const problems = argumentProblems(
    {
      type: 'object',
      properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
      required: fields.filter(({ required }) => required).map(({ name }) => name),
    },
    given,
  );
  if (problems.length === 0) return given;
  const errors = problems.map((message) => ({
    path: `user_input_schema.${call.tool_execution.tool_call_id}`,
    message,
  }));
  throw new ProblemError(422, `What was filled in does not fit: ${problems.join('; ')}`, errors);
}
