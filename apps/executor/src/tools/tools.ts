import type { ExecutionTerms } from '@countersign/contracts/executions';
import { ConfigError } from '@countersign/contracts/problems';
import { after, millisOf } from '@countersign/contracts/time';
import {
  defaultActWithin,
  toolDefinitionOf,
  type Definitions,
  type ToolEntry,
  UnsetVariable,
} from '@countersign/definitions';
import { KnownSecrets } from '@countersign/definitions/masking';
import { readDeclaration, type Declaration } from '@countersign/definitions/versions';
import {
  previewTimeout,
  type ExecuteEntry,
  type PreviewEntry,
  type TermsEntry,
} from '@countersign/definitions/execute';
import { adapterOf } from '../adapters/adapters.js';
import type { ExecutorConfig } from '../config.js';
import { nothing } from '../execution/begin.js';
import { compileTemplate, type TemplateScope } from '../templates/template.js';
import type { Tool } from './tool.js';

/** What the file declares, and what its placeholders stand for. */
export interface Declared {
  declaration: Declaration;
  definitions: Definitions;
  config: ExecutorConfig;
  scope: TemplateScope & { secrets: KnownSecrets };
}

/** @param env what `{{env.NAME}}` stands for. @throws ConfigError */
export function declared(config: ExecutorConfig, env: Record<string, string | undefined> = {}): Declared {
  const declaration = readDeclaration(config.COUNTERSIGN_CONFIG);
  return { declaration, definitions: declaration.definitions, config, scope: { env, secrets: new KnownSecrets() } };
}

/**
 * The tools of the file: what it says under `execute`, and those whose calls are answered by a person.
 *
 * @throws ConfigError naming every variable that is not set.
 */
export function declaredTools({ definitions, config, scope }: Declared): Map<string, Tool> {
  const { path, tools } = definitions;
  const problems: string[] = [];
  let Problem: typeof ConfigError = UnsetVariable;
  const found = tools.flatMap((entry): [string, Tool][] => {
    const definition = toolDefinitionOf(entry);
    if (!entry.execute)
      return definition.made_by === 'person' ? [[entry.name, { definition, terms: () => nothing }]] : [];
    try {
      return [[entry.name, toolOf(entry, entry.execute, config, scope)]];
    } catch (error) {
      if (!(error instanceof UnsetVariable)) Problem = ConfigError;
      problems.push(`  ${entry.name}: ${(error as Error).message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new Problem(`Tools of ${path} cannot be executed:\n${problems.join('\n')}`);
  return new Map(found);
}

function toolOf(entry: ToolEntry, execute: ExecuteEntry, config: ExecutorConfig, scope: TemplateScope): Tool {
  const adapter = adapterOf(entry, execute, config, scope);
  const made_by = execute.manual ? 'person' : execute.caller ? 'caller' : 'worker';
  const withinDay = execute.caller && { start_within: execute.start_within ?? entry.act_within ?? defaultActWithin };
  return {
    definition: toolDefinitionOf(entry),
    ...(adapter && { adapter }),
    ...(entry.preview && { preview: previewOf(entry.preview, config, scope) }),
    ...(execute.caller && { callerLeaseMs: millisOf(execute.caller.lease) }),
    ...termsOf({ ...execute, ...withinDay }, { made_by, can_reconcile: adapter?.reconcile !== undefined }, scope),
  };
}

function previewOf(entry: PreviewEntry, config: ExecutorConfig, scope: TemplateScope): NonNullable<Tool['preview']> {
  const { command, http, rerun } = entry;
  const timeout = previewTimeout(entry);
  const run = command ? { command: { ...command, timeout } } : { http: { ...http!, timeout } };
  return { adapter: adapterOf(entry, run, config, scope)!, rerun };
}

/** On which terms calls are made. @throws ConfigError naming a variable that is not set. */
export function termsOf(
  terms: TermsEntry,
  by: Pick<ExecutionTerms, 'made_by' | 'can_reconcile'>,
  scope: TemplateScope,
): Pick<Tool, 'terms' | 'concurrencyKey' | 'changeWindows'> {
  const { attempts, change_windows, concurrency_key, retry, semantics } = terms;
  const { start_within, wait } = terms;
  return {
    terms: (resolved_at) => ({
      semantics,
      max_attempts: attempts,
      retry: { first_ms: millisOf(retry.delay), longest_ms: millisOf(retry.max_delay) },
      ...by,
      not_before: wait === undefined ? null : after(resolved_at, wait),
      start_by: start_within === undefined ? null : after(resolved_at, start_within),
    }),
    ...(concurrency_key !== undefined && { concurrencyKey: compileTemplate(concurrency_key, scope) }),
    ...(change_windows && { changeWindows: change_windows }),
  };
}
