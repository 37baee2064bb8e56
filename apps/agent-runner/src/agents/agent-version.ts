import type { Agent, AgentDefinition, ToolDefinition } from '@countersign/definitions';

/** What has to be as it was for a call of a tool to mean the same. */
const meaning = ['made_by', 'approval', 'requires', 'user_input', 'parameters'] as const;

/**
 * A server changes its tools when it likes. A call that was requested for other parameters is refused by the executor, which looks at
 * what the server has, and is asked for again with those of now.
 */
const isServed = ({ annotations }: ToolDefinition): boolean => annotations !== undefined;

/**
 * What keeps a run that started with one definition from going on now that there is another: a tool it has called is
 * gone, or a call of it would mean something else. A line each, that names the difference; none when it can go on.
 */
export function incompatibilities(kept: AgentDefinition, now: AgentDefinition, called: ReadonlySet<string>): string[] {
  return kept.tools.filter(({ name }) => called.has(name)).flatMap((tool) => changesOf(tool, now));
}

/**
 * The definition a run goes on with: the one it started with, without the tools that are not as they were. What is done
 * for a call that is requested from now on is what is done now, and its server says of it what it says now.
 */
export function stillPossible(kept: Agent, now: AgentDefinition): Agent {
  const tools = kept.tools.filter((tool) => changesOf(tool, now).length === 0);
  return { ...kept, tools: tools.map((tool) => asNow(tool, now)) };
}

function asNow({ annotations: _then, ...tool }: ToolDefinition, { tools }: AgentDefinition): ToolDefinition {
  const now = tools.find(({ name }) => name === tool.name);
  if (now && isServed(now)) return now;
  return { ...tool, ...(now?.effect !== undefined && { effect: now.effect }) };
}

function changesOf(tool: ToolDefinition, { tools }: AgentDefinition): string[] {
  const current = tools.find(({ name }) => name === tool.name);
  if (!current) return [`tool "${tool.name}" is gone`];
  const fields = isServed(current) ? meaning.filter((field) => field !== 'parameters') : meaning;
  return fields.flatMap((field) =>
    differences(tool[field], current[field], field).map((line) => `tool "${tool.name}": ${line}`),
  );
}

/** Where two JSON values differ, by path. */
function differences(before: unknown, after: unknown, path: string): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) return [`${path} was ${show(before)} and is ${show(after)}`];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => differences(before[name], after[name], `${path}.${name}`));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const show = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
