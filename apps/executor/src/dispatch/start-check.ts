import { toEpochSeconds, earliest, toEpochMillis, after, type EpochMillis } from '@countersign/contracts/time';
import type { Execution } from '@countersign/contracts/executions';
import { changesSince } from '@countersign/definitions';
import { argumentProblems } from '@countersign/definitions/templates';
import type { Alarms } from '@countersign/service';
import type { DecisionGuard } from '@countersign/signing';
import type { Obstacle } from '../adapters/adapter.js';
import { nextOpening } from '../execution/change-window.js';
import { lookAgainMs, type ConcurrencyKeys } from '../execution/concurrency-keys.js';
import { toolReturnsMs, type Tool, type Tools } from '../tools/tool.js';

export interface StartCheckOptions {
  alarms: Alarms;
  guard: Pick<DecisionGuard, 'verifyStored'>;
  keys: ConcurrencyKeys;
  tools: Tools;
  now(): EpochMillis;
}

/** Whether a call that is due may begin: what is in its way for now, and what forbids it for good. */
export class StartCheck {
  readonly #options: StartCheckOptions;

  constructor(options: StartCheckOptions) {
    this.#options = options;
  }

  /**
   * What is in the way of a start, and when to look again. Once it is too late there is nothing: whoever claims it finds
   * that out.
   */
  async obstacle(execution: Execution): Promise<Obstacle | undefined> {
    const now = this.#options.now();
    const { start_by } = execution.terms;
    const end = start_by === null ? undefined : toEpochMillis(start_by);
    if (end !== undefined && end <= now) return undefined;
    const obstacle = await this.#held(execution, now);
    return obstacle && { ...obstacle, until: earliest(obstacle.until, end ?? obstacle.until) };
  }

  async #held(execution: Execution, now: EpochMillis): Promise<Obstacle | undefined> {
    const { tools, keys } = this.#options;
    const { concurrency_key: key, tool_name } = execution;
    const tool = tools.get(tool_name);
    if (tool && !tool.definition) {
      const detail = tool.unavailable ?? `${tool_name} is out of reach`;
      return { until: after(now, toolReturnsMs), held_by: { code: 'tool_unavailable', detail, until: null } };
    }
    const opens = tool?.changeWindows ? nextOpening(tool.changeWindows, now) : now;
    if (opens > now) {
      const until = toEpochSeconds(opens);
      return { until: opens, held_by: { code: 'change_window', detail: 'its change window', until } };
    }
    const holder = key === null ? execution.id : await keys.take(key, execution);
    if (holder === execution.id) return undefined;
    const detail = `execution ${holder}, which holds the key ${key}`;
    return { until: after(now, lookAgainMs), held_by: { code: 'concurrency_key', detail, until: null } };
  }

  /** Why the stored decision does not allow a start; it may have been stored a while ago. */
  async refusal(execution: Execution): Promise<string | null> {
    const { tools, guard, alarms } = this.#options;
    const { tool_name, approval_id, decision } = execution;
    const verdict = await guard.verifyStored({ ...execution, jws: decision });
    if (verdict.kind === 'sound') return unfit(execution, tools.get(tool_name));
    alarms.refused('decision', verdict.kind, { approval_id, tool_name, reason: verdict.reason });
    return verdict.reason;
  }
}

/** Why the current tool is not the requested one, or does not fit the call. */
export function unfit(
  call: Pick<Execution, 'tool_name' | 'tool_args' | 'tool_version'>,
  tool: Tool | undefined,
): string | null {
  const { tool_name: name, tool_args, tool_version } = call;
  if (!tool) return `this executor has no tool "${name}"`;
  if (tool_version === null) return `the request names no definition of "${name}"`;
  const { definition } = tool;
  if (!definition) return null;
  const changes = tool.isCheckedByAdapter ? [] : changesSince(tool_version, definition);
  if (changes.length > 0) return `${name} has changed since it was requested: ${changes.join(', ')}`;
  if (definition.made_by !== 'executor') return `the calls of "${name}" need no approval, and are not made here`;
  const problems = tool.isCheckedByAdapter ? [] : argumentProblems(definition.parameters, tool_args);
  return problems.length > 0 ? `the arguments do not fit the tool: ${problems.join('; ')}` : null;
}
