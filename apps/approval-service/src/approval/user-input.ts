import type { Approval, ResolutionData, DecisionVerdict } from '@countersign/contracts/approvals';
import type { UserInputField } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import type { Problem } from '@countersign/contracts/problems';
import { argumentProblems } from '@countersign/definitions/templates';

type Values = Record<string, unknown>;
type FieldProblems = NonNullable<Problem['errors']>;

const path = 'resolution_data.values';
/** As JSON. `approval.resolved` says them twice, and is one message. */
const maxValues = 50_000;

/** What is wrong with the values of an approval, field by field; nothing when it may count. */
export function inputProblems(
  approval: Approval,
  { verdict, resolution_data }: { verdict: DecisionVerdict; resolution_data: ResolutionData | null },
): FieldProblems {
  if (approval.pause_type !== 'user_input' || verdict !== 'approved') return [];
  const { values, result } = resolution_data ?? {};
  if (values === undefined && result !== undefined) return [];
  return misfits(fieldsOf(approval), values ?? {});
}

function misfits(fields: readonly UserInputField[], values: Values): FieldProblems {
  if (JSON.stringify(values).length > maxValues) return [{ path, message: `at most ${maxValues} characters of JSON` }];
  const known = new Set(fields.map(({ name }) => name));
  const unknown = Object.keys(values).filter((name) => !known.has(name));
  return [
    ...fields.flatMap((field) => misfitsOf(field, values)),
    ...unknown.map((name) => ({ path: `${path}.${name}`, message: 'is not a field of this call' })),
  ];
}

function misfitsOf({ name, required, schema }: UserInputField, values: Values): FieldProblems {
  const at = (message: string) => ({ path: `${path}.${name}`, message });
  if (!Object.hasOwn(values, name)) return required ? [at('is missing')] : [];
  return schemaProblems(schema, values[name]).map(at);
}

/** A value that cannot be digested, or whose schema is none, does not fit. */
function schemaProblems(schema: Values, value: unknown): string[] {
  try {
    canonicalJson(value);
    return argumentProblems(schema, value).map((problem) => problem.replace(/^the arguments: /, ''));
  } catch (error) {
    return [`cannot be checked: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** The record with the approved values in their fields, where agno looks for them. */
export function filledIn(approval: Approval): Approval {
  const values = approvedValues(approval);
  if (!values) return approval;
  const fill = (fields: UserInputField[] | null): UserInputField[] | null =>
    fields?.map((field) => ({ ...field, value: Object.hasOwn(values, field.name) ? values[field.name] : null })) ??
    null;
  const requirements = approval.requirements.map((requirement) => ({
    ...requirement,
    user_input_schema: fill(requirement.user_input_schema),
    tool_execution: {
      ...requirement.tool_execution,
      user_input_schema: fill(requirement.tool_execution.user_input_schema),
      answered: true,
    },
  }));
  return { ...approval, requirements };
}

const approvedValues = ({ status, pause_type, resolution_data }: Approval): Values | undefined =>
  status === 'approved' && pause_type === 'user_input' ? resolution_data?.values : undefined;

const fieldsOf = ({ requirements }: Approval): UserInputField[] =>
  requirements.flatMap(
    ({ user_input_schema, tool_execution }) => user_input_schema ?? tool_execution.user_input_schema ?? [],
  );
