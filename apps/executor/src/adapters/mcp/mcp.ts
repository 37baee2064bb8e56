import { millisOf } from '@countersign/contracts/time';
import { changesSince } from '@countersign/definitions';
import { argumentProblems } from '@countersign/definitions/templates';
import type { McpOutcome, McpServer, McpTool } from '@countersign/mcp';
import type { Adapter, ApprovedCall, Outcome, Watch } from '../adapter.js';
import { whyStopped } from '../../results/bounded.js';
import { excerpt } from '../../results/json-text.js';

export interface McpOptions {
  server: Pick<McpServer, 'name' | 'ask' | 'call'>;
  /** Characters of the result that are kept. */
  maxOutput: number;
}

/**
 * Calls a tool of an MCP server, after a look at what the server has now: arguments that were approved for another
 * schema are not sent. A request without an answer has an unknown outcome.
 */
export class McpAdapter implements Adapter {
  readonly #options: McpOptions;

  constructor(options: McpOptions) {
    this.#options = options;
  }

  async execute(call: ApprovedCall, watch: Watch): Promise<Outcome> {
    if (watch.signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
    const { server } = this.#options;
    let tool: McpTool | undefined;
    try {
      tool = await server.ask(call.tool_name, watch.signal);
    } catch (error) {
      if (watch.signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
      const reason = error instanceof Error ? error.message : String(error);
      return notSent(`MCP server ${server.name} cannot be reached: ${reason}; nothing was done`);
    }
    if (!tool) {
      const reason = `the MCP server ${server.name} does not have ${call.tool_name} now; nothing was done`;
      return { outcome: 'not_begun', reason };
    }
    const problem = problemWith(call, tool);
    if (problem !== undefined) return { outcome: 'failed', error: `nothing was done: ${problem}` };
    const { name, timeout } = tool;
    const { signal, progress } = watch;
    const execution = { id: call.id, attempt: call.attempt };
    const of = { timeoutMs: millisOf(timeout), signal, execution, progress: progress.bind(watch) };
    await watch.lastLook();
    if (signal.aborted) return { outcome: 'failed', error: 'stopped before it was sent' };
    return this.#outcomeOf(await server.call(name, call.tool_args, of), watch);
  }

  #outcomeOf(outcome: McpOutcome, watch: Watch): Outcome {
    const { maxOutput } = this.#options;
    switch (outcome.type) {
      case 'answered': {
        const text = watch.mask(outcome.text);
        const { result, truncated } = excerpt(text, maxOutput);
        if (truncated) watch.progress({ output: text });
        if (outcome.isError) return { outcome: 'failed', error: result };
        return { outcome: 'succeeded', result, ...(truncated && { truncated }) };
      }
      case 'not_sent':
        return watch.signal.aborted
          ? { outcome: 'failed', error: 'stopped before it was sent' }
          : notSent(outcome.reason);
      case 'refused':
        return { outcome: 'failed', error: outcome.reason };
      case 'unknown':
        return {
          outcome: 'unknown',
          reason: watch.signal.aborted ? `${whyStopped(watch.signal)}; ${outcome.reason}` : outcome.reason,
        };
    }
  }
}

const notSent = (error: string): Outcome => ({ outcome: 'failed', error, retryable: true });

function problemWith(call: ApprovedCall, tool: McpTool): string | undefined {
  const { tool_name, tool_args, tool_version } = call;
  const changes = tool_version ? changesSince(tool_version, tool.definition) : [];
  if (changes.length > 0) return `${tool_name} has changed since it was requested: ${changes.join(', ')}`;
  const problems = argumentProblems(tool.definition.parameters, tool_args);
  return problems.length > 0
    ? `the arguments do not match the schema of the server: ${problems.join('; ')}`
    : undefined;
}
