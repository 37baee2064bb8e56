/** What stands for a value in a text of the file, such as `{{arguments.version}}`. */
export interface Placeholder {
  scope: 'arguments' | 'execution' | 'run' | 'approval' | 'env' | 'response';
  /** Of an answer (`response`) the JSON pointer into it, or `headers.` and the name of a header. */
  name: string;
  /** Of a variable that need not be set: what stands for it where it is unset or empty. */
  fallback?: string;
}
export type TemplatePart = string | Placeholder;

const placeholder =
  /^\s*(?:(?<scope>arguments)\.(?<name>\S+)|(?<scope>env)\.(?<name>[^\s:]+)(?::-(?<fallback>(?:(?!\{\{).)*?))?|(?<scope>execution)\.(?<name>id|attempt)|(?<scope>run)\.(?<name>id|user_id)|(?<scope>approval)\.(?<name>resolved_by)|(?<scope>response)\.(?<name>\/\S+|headers\.[A-Za-z0-9-]+))\s*$/;
const known =
  '{{arguments.NAME}}, {{execution.id}}, {{execution.attempt}}, {{run.id}}, {{run.user_id}}, {{approval.resolved_by}}, {{env.NAME}}, {{env.NAME:-DEFAULT}}, {{response./POINTER}} and {{response.headers.NAME}} are placeholders';

/** Takes a text apart into what it says itself and its placeholders. @throws when a placeholder is none of those known. */
export function parseTemplate(text: string): TemplatePart[] {
  const parts = text.split(/(\{\{.*?\}\})/s).filter((part) => part !== '');
  return parts.map((part) => (part.includes('{{') ? placeholderOf(part) : part));
}

/** As it is written in the file. */
export const written = ({ scope, name, fallback }: Placeholder): string =>
  `{{${scope}.${name}${fallback === undefined ? '' : `:-${fallback}`}}}`;

export const placeholdersOf = (parts: readonly TemplatePart[]): Placeholder[] =>
  parts.filter((part) => typeof part !== 'string');

function placeholderOf(part: string): Placeholder {
  const found = part.endsWith('}}') ? placeholder.exec(part.slice(2, -2)) : null;
  if (!found) throw new Error(`${JSON.stringify(part)} is not known: ${known}`);
  const { scope, name, fallback } = found.groups!;
  return { scope: scope as Placeholder['scope'], name: name!, ...(fallback !== undefined && { fallback }) };
}

/** The placeholder that is all of a text: of an answer, it may be a whole URL. */
export function wholeOfAnswer(text: string): Placeholder | undefined {
  const [first, ...others] = parseTemplate(text);
  return typeof first === 'object' && first.scope === 'response' && others.length === 0 ? first : undefined;
}
