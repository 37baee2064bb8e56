import { listIn, sound } from './entries.js';
import { missingTool } from './reference.js';
import { AgentEntry, ToolEntry } from '../schema/file.js';
import type { Path, Problem } from '../load/source.js';

/** What is wrong with an agent of the file, beyond its shape. */
export const checkAgent = (agent: AgentEntry, path: Path, file: unknown): Problem[] => [
  ...(agent.external ? checkExternal(agent, path, file) : checkOwn(agent, path)),
  ...checkTools(agent, path, file),
];

/** Agents that run here and have no instructions, whatever else is wrong with them. */
export const withoutInstructions = (file: unknown): Problem[] =>
  listIn(file, ['agents']).flatMap((entry, n) => {
    const { external, instructions } = Object(entry) as Record<string, unknown>;
    if (external === true || instructions !== undefined || !isObject(entry)) return [];
    return [{ path: ['agents', n, 'instructions'], message: 'is missing' }];
  });

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const checkOwn = ({ callers }: AgentEntry, path: Path): Problem[] =>
  callers === undefined
    ? []
    : [
        {
          path: [...path, 'callers'],
          message: 'is for agents that run elsewhere: say "external: true", or leave it out',
        },
      ];

/** What only a model that is asked here has a use for. */
const ofModel = ['instructions', 'model', 'max_steps', 'budget', 'history', 'max_failures', 'reasoning'] as const;

function checkExternal({ callers }: AgentEntry, path: Path, file: unknown): Problem[] {
  const written = Object(path.reduce((value, name) => Object(value)[name], file)) as object;
  const idle = ofModel.filter((field) => Object.hasOwn(written, field));
  return [
    ...(callers === undefined || callers.length === 0
      ? [
          {
            path: [...path, 'callers'],
            message: 'must name whose credentials may ask in the name of this agent, by their subject',
          },
        ]
      : []),
    ...idle.map((field) => ({
      path: [...path, field],
      message: 'has no effect on an external agent, whose model runs elsewhere: leave it out',
    })),
  ];
}

function checkTools({ external, tools }: AgentEntry, path: Path, file: unknown): Problem[] {
  const declared = new Map(sound(file, ['tools'], ToolEntry).map(([, tool]) => [tool.name, tool]));
  return tools.flatMap((name, n) => {
    const isTwice = tools.indexOf(name) < n;
    const message = isTwice
      ? `${name} is listed twice: remove one`
      : (missingTool(file, name) ?? misfit(external, name, declared.get(name)));
    return message ? [{ path: [...path, 'tools', n], message }] : [];
  });
}

/** Why a tool cannot be one of such an agent. Of modules and servers nothing is known here. */
function misfit(external: boolean, name: string, tool: ToolEntry | undefined): string | undefined {
  if (!tool) return undefined;
  if (external && tool.approval === 'none')
    return `${name} needs no approval, so an external agent has nothing to ask for: set "approval", or leave it out`;
  if (!external && tool.execute?.caller)
    return `${name} is made by whoever asks for it (execute.caller), which only an external agent can do`;
  return undefined;
}
