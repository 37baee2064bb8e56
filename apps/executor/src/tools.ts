import { ConfigError, type ExecutionTerms } from '@countersign/contracts';
import { readDefinitions, type ExecuteEntry, type ToolEntry } from '@countersign/definitions';
import { join, resolve } from 'node:path';
import { adapterOf } from './adapters.js';
import type { ExecutorConfig } from './config.js';
import { compileTemplate, type Surroundings } from './template.js';
import type { Tool, Tools } from './tool.js';

/**
 * What the executor may do, by tool name: what the file says under `execute`. A call of any other tool is refused,
 * approved or not.
 *
 * @param env what `{{env.NAME}}` stands for.
 * @throws ConfigError naming every variable that is not set.
 */
export function declaredTools(config: ExecutorConfig, env: Record<string, string | undefined> = {}): Tools {
  const { DEPLOY_TARGET_DIR, DATA_DIR } = config;
  const deploy_target_dir = resolve(DEPLOY_TARGET_DIR ?? join(DATA_DIR, 'deployments'));
  const { path, tools } = readDefinitions(config.COUNTERSIGN_CONFIG);
  const problems: string[] = [];
  const declared = tools.flatMap((entry): [string, Tool][] => {
    if (!entry.execute) return [];
    try {
      return [[entry.name, toolOf(entry, entry.execute, config, { settings: { deploy_target_dir }, env })]];
    } catch (error) {
      problems.push(`  ${entry.name}: ${(error as Error).message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(`Tools of ${path} cannot be executed:\n${problems.join('\n')}`);
  return new Map(declared);
}

function toolOf(entry: ToolEntry, execute: ExecuteEntry, config: ExecutorConfig, surroundings: Surroundings): Tool {
  const adapter = adapterOf(entry, execute, config, surroundings);
  const { concurrency_key, change_windows } = execute;
  return {
    ...(adapter && { adapter }),
    terms: termsOf(execute, adapter?.reconcile !== undefined),
    ...(concurrency_key !== undefined && { concurrencyKey: compileTemplate(concurrency_key, surroundings) }),
    ...(change_windows && { changeWindows: change_windows }),
  };
}

function termsOf(execute: ExecuteEntry, can_reconcile: boolean): Tool['terms'] {
  const { promise, attempts, retry_after, retry_after_at_most, wait, start_within, manual } = execute;
  return (resolved_at): ExecutionTerms => ({
    promise,
    max_attempts: attempts,
    retry: { first_ms: retry_after * 1000, longest_ms: retry_after_at_most * 1000 },
    made_by: manual ? 'person' : 'worker',
    can_reconcile,
    not_before: wait === undefined ? null : resolved_at + wait,
    start_by: start_within === undefined ? null : resolved_at + start_within,
  });
}
