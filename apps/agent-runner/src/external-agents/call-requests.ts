import type { Principal } from '@countersign/auth';
import type { Problem, ProblemCode } from '@countersign/contracts/problems';
import type { RequestCalls, Run } from '@countersign/contracts/runs';
import { digestOf, type Agent } from '@countersign/definitions';
import type { Agents } from '../agents/agents.js';
import { misfitsOf } from '../run/conversation.js';
import type { RequestedCall } from '../run/messages.js';

/** Why calls are not asked for. */
export interface CallRequestProblem {
  code: Extract<
    ProblemCode,
    | 'agent_not_found'
    | 'agent_not_external'
    | 'caller_not_declared'
    | 'tool_not_declared'
    | 'values_do_not_fit'
    | 'too_large'
  >;
  message: string;
  errors?: NonNullable<Problem['errors']>;
}

/** Calls that fit what is declared of their agent. */
export interface CheckedRequest {
  agent: Agent;
  calls: RequestedCall[];
  /** The same for the same request, which may come again. */
  digest: string;
}

/** In bytes of JSON: what all calls of a run wait for has to fit into one message of 1 MiB. */
const maxArguments = 100_000;

/**
 * What an agent that runs elsewhere may ask for: what the file says, and nothing that the request says of itself. Whoever
 * asks is a subject that the agent names, and each call is of a tool that it names, with arguments that fit.
 */
export function checkedRequest(
  agents: Pick<Agents, 'callersOf' | 'get' | 'has' | 'ids' | 'missing'>,
  agentId: string,
  { subject }: Pick<Principal, 'subject'>,
  { calls }: Pick<RequestCalls, 'calls'>,
): CheckedRequest | CallRequestProblem {
  if (!agents.has(agentId))
    return {
      code: 'agent_not_found',
      message: `There is no agent "${agentId}". There is: ${agents.ids().join(', ')}.`,
    };
  const callers = agents.callersOf(agentId);
  if (!callers)
    return {
      code: 'agent_not_external',
      message: `Agent "${agentId}" runs here, so its own model asks for calls. Start it with POST /agents/${agentId}/runs, or declare another with "external: true".`,
    };
  if (!callers.includes(subject))
    return {
      code: 'caller_not_declared',
      message: `${subject} may not ask in the name of agent "${agentId}". Name the subject under "callers" of the agent in the file that declares it.`,
    };
  const agent = agents.get(agentId);
  if (!agent)
    return { code: 'agent_not_found', message: `Agent "${agentId}" is not complete: ${agents.missing(agentId)}.` };
  return fitting(agent, calls);
}

function fitting(agent: Agent, calls: RequestCalls['calls']): CheckedRequest | CallRequestProblem {
  const checked: RequestedCall[] = [];
  for (const [n, { tool_call_id = `call_${n + 1}`, tool_name, tool_args }] of calls.entries()) {
    const tool = agent.tools.find(({ name }) => name === tool_name);
    if (!tool)
      return {
        code: 'tool_not_declared',
        message: `Agent "${agent.id}" may not ask for "${tool_name}". Declare the tool, and name it under "tools" of the agent; it has: ${agent.tools.map(({ name }) => name).join(', ') || 'none'}.`,
      };
    const problems = misfitsOf(tool, tool_args);
    if (problems.length > 0)
      return {
        code: 'values_do_not_fit',
        message: `The arguments of ${tool_name} do not fit: ${problems.join('; ')}`,
        errors: problems.map((message) => ({ path: `calls.${n}.tool_args`, message })),
      };
    checked.push({ tool_call_id, tool, tool_args });
  }
  const asked = checked.map(({ tool_call_id, tool, tool_args }) => ({ tool_call_id, tool_name: tool.name, tool_args }));
  if (Buffer.byteLength(JSON.stringify(asked)) > maxArguments)
    return {
      code: 'too_large',
      message: `The calls of one request have room for ${maxArguments} bytes. Ask for less at once.`,
    };
  return { agent, calls: checked, digest: digestOf(asked) };
}

/** Whether a run came of this request, which may arrive more than once, and not of another with the same id. */
export const isSameCalls = (
  run: Run,
  requested: Pick<Run, 'agent_id' | 'session_id' | 'user_id' | 'requested_by'>,
  digest: string,
): boolean =>
  run.asked?.digest === digest &&
  (['agent_id', 'session_id', 'user_id', 'requested_by'] as const).every((each) => run[each] === requested[each]);
