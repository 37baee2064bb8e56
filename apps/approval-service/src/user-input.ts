import {
  callDigest,
  canonicalJson,
  type Approval,
  type Problem,
  type ResolutionData,
  type UserInputField,
  type Verdict,
} from '@countersign/contracts';
import { argumentProblems } from '@countersign/definitions';

type Values = Record<string, unknown>;
type FieldProblems = NonNullable<Problem['errors']>;

const path = 'resolution_data.values';
/** As JSON. `approval.resolved` says them twice, and is one message. */
const maxValues = 50_000;

/** What is wrong with the values of an approval, field by field; nothing when it may count. */
export function inputProblems(
  approval: Approval,
  { verdict, resolution_data }: { verdict: Verdict; resolution_data: ResolutionData | null },
): FieldProblems {
  if (approval.pause_type !== 'user_input' || verdict !== 'approved') return [];
  const { values, result } = resolution_data ?? {};
  if (values === undefined && result !== undefined) return [];
  const problems = misfits(fieldsOf(approval), values ?? {});
  return problems.length > 0 ? problems : disagreements(approval, values ?? {});
}

/** With several people, each approves the same values. */
function disagreements({ resolution_data }: Approval, values: Values): FieldProblems {
  const before = resolution_data?.values;
  return before === undefined || canonicalJson(before) === canonicalJson(values)
    ? []
    : [{ path, message: 'others have approved other values' }];
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

/** The record with the approved values in the fields that asked for them, where agno looks for them. */
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

/** The exact call that the decision is about: with the approved values, which the digest covers as well. */
export function decidedCall(approval: Approval): Pick<Approval, 'tool_args' | 'digest'> {
  const values = approvedValues(approval);
  if (!values) return { tool_args: approval.tool_args, digest: approval.digest };
  const tool_args = { ...approval.tool_args, ...values };
  return { tool_args, digest: callDigest({ ...approval, tool_args }) };
}

const approvedValues = ({ status, pause_type, resolution_data }: Approval): Values | undefined =>
  status === 'approved' && pause_type === 'user_input' ? resolution_data?.values : undefined;

const fieldsOf = ({ requirements }: Approval): UserInputField[] =>
  requirements.flatMap(
    ({ user_input_schema, tool_execution }) => user_input_schema ?? tool_execution.user_input_schema ?? [],
  );
