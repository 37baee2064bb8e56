import { redactApproval, type Approval, type ResolutionData } from '../approvals/approval.js';
import type { Ruling } from '../approvals/terms.js';
import { redactArguments, redacted, redactRequirement, type Requirement } from '../calls/tool-call.js';

type Args = Record<string, unknown>;

/**
 * The arguments that whoever shows an event knows to be not for an audience, by the name of the tool; `all` of a tool that
 * it does not know. They are hidden besides those that the event itself names, since an event can be made up.
 */
export type HiddenArguments = (tool_name: string) => readonly string[] | 'all';

/**
 * How an event is shown to an audience: `none` where nothing in it could be hidden. Tokens, signatures and salts are never
 * shown. An event with arguments of a call must have a function, which the compiler insists on.
 */
export type Redaction<D> = [keyof D & WithArguments] extends [never] ? 'none' | Redact<D> : Redact<D>;
type Redact<D> = (data: D, hidden: HiddenArguments) => object;
type WithArguments =
  | 'calls'
  | 'tool_args'
  | 'requirement'
  | 'requirements'
  | 'resolution_data'
  | 'policy'
  | 'arguments';

/** Requirements that each say what they hide. */
export const redactOpen = <D extends { requirements: Requirement[] }>(data: D, hidden: HiddenArguments): D => ({
  ...data,
  requirements: data.requirements.map((each) => redactRequirement(hiding(each, hidden))),
});

export function redactRequest<D extends { tool_args: Args; requirement: Requirement }>(
  data: D,
  hidden: HiddenArguments,
): D {
  const requirement = hiding(data.requirement, hidden, data.tool_args);
  const tool_args = redactArguments(data.tool_args, requirement.tool_execution.redact);
  return { ...data, tool_args, requirement: redactRequirement(requirement) };
}

type Created = Pick<
  Approval,
  'tool_name' | 'salt' | 'requirements' | 'tool_args' | 'approved_args' | 'resolution_data' | 'policy' | 'shadow'
>;

export function redactCreated<D extends Created>(data: D, hidden: HiddenArguments): D {
  const { tool_name, tool_args, approved_args, resolution_data, requirements, policy, shadow } = data;
  const { values, tool_args: edited, grant } = resolution_data ?? {};
  const all = { ...tool_args, ...approved_args, ...values, ...edited, ...grant?.arguments };
  const hiddenIn = requirements.map((each) => hiding(each, hidden, all));
  const names = [
    ...namesOf(hidden(tool_name), all),
    ...hiddenIn.flatMap(({ tool_execution }) => tool_execution.redact),
  ];
  const shown = redactApproval({ ...data, requirements: hiddenIn }, names);
  return { ...shown, policy: redactRuling(policy, names), shadow: redactRuling(shadow, names) };
}

type Resolved = { tool_name: string; tool_args: Args; redact: string[]; resolution_data: ResolutionData | null };

export function redactResolved<D extends Resolved>(data: D, hidden: HiddenArguments): D {
  const { tool_name, tool_args, resolution_data } = data;
  const { values, tool_args: edited, grant } = resolution_data ?? {};
  const all = { ...tool_args, ...values, ...edited, ...grant?.arguments };
  const redact = [...new Set([...data.redact, ...namesOf(hidden(tool_name), all)])];
  return {
    ...data,
    redact,
    tool_args: redactArguments(tool_args, redact),
    resolution_data: resolution_data && redactResolution(resolution_data, redact),
  };
}

/** The request names what is hidden. */
export function redactPreviewRequest<D extends { tool_name: string; tool_args: Args; redact: string[] }>(
  data: D,
  hidden: HiddenArguments,
): D {
  const redact = [...new Set([...data.redact, ...namesOf(hidden(data.tool_name), data.tool_args)])];
  return { ...data, redact, tool_args: redactArguments(data.tool_args, redact) };
}

type Asked = { calls: { tool_name: string; tool_args: Args }[] };

/** What is hidden of each is known here alone: the command does not say. */
export const redactCalls = <D extends Asked>(data: D, hidden: HiddenArguments): D => ({
  ...data,
  calls: data.calls.map((call) => ({
    ...call,
    tool_args: redactArguments(call.tool_args, namesOf(hidden(call.tool_name), call.tool_args)),
  })),
});

/** A command says neither which tool it is about nor which arguments are to be hidden, so all are. */
export function redactCommand<D extends { resolution_data?: ResolutionData | undefined }>(data: D): D {
  if (!data.resolution_data) return data;
  const { tool_args = {}, values = {}, grant } = data.resolution_data;
  const redact = Object.keys({ ...tool_args, ...values, ...grant?.arguments });
  return { ...data, resolution_data: redactResolution(data.resolution_data, redact) };
}

export const redactRejudged = <D extends { tool_name: string; policy: Ruling | null }>(
  data: D,
  hidden: HiddenArguments,
): D => {
  const own = hidden(data.tool_name);
  const seen = Object.fromEntries((data.policy?.saw ?? []).map(({ path }) => [nameIn(path), null]));
  return { ...data, policy: redactRuling(data.policy, namesOf(own, seen)) };
};

/** Hides what it hides by itself, and what is known here of its tool. */
function hiding(requirement: Requirement, hidden: HiddenArguments, more: Args = {}): Requirement {
  const { tool_execution, user_input_schema } = requirement;
  const { tool_name, tool_args, redact } = tool_execution;
  const fields = [...(user_input_schema ?? []), ...(tool_execution.user_input_schema ?? [])];
  const all = { ...more, ...tool_args, ...Object.fromEntries(fields.map(({ name }) => [name, null])) };
  const names = [...new Set([...redact, ...namesOf(hidden(tool_name), all)])];
  return { ...requirement, tool_execution: { ...tool_execution, redact: names } };
}

const namesOf = (own: readonly string[] | 'all', args: Args): readonly string[] =>
  own === 'all' ? Object.keys(args) : own;

const nameIn = (path: string): string => path.split('.', 1)[0]!;

const redactRuling = (ruling: Ruling | null, names: readonly string[]): Ruling | null =>
  ruling && {
    ...ruling,
    saw: ruling.saw.map((seen) => (names.includes(nameIn(seen.path)) ? { ...seen, value: redacted } : seen)),
  };

function redactResolution(data: ResolutionData, redact: readonly string[]): ResolutionData {
  const { tool_args, values, grant } = data;
  return {
    ...data,
    ...(tool_args && { tool_args: redactArguments(tool_args, redact) }),
    ...(values && { values: redactArguments(values, redact) }),
    ...(grant?.arguments && { grant: { ...grant, arguments: redactArguments(grant.arguments, redact) } }),
  };
}
