import { millisOf } from '@countersign/contracts/time';
import type { ToolEntry } from '@countersign/definitions';
import { executeKinds, type ExecuteKind, type ExecuteKindEntries } from '@countersign/definitions/execute';
import type { Adapter } from './adapter.js';
import type { AdapterBuilder } from './builder.js';
import { buildCommandAdapter } from './command/build.js';
import { buildHttpAdapter } from './http/build.js';
import { buildKafkaAdapter } from './kafka/build.js';
import type { ExecutorConfig } from '../config.js';
import type { TemplateScope } from '../templates/template.js';

/** The adapter of each kind that the file can name: one that is missing here, or unknown there, does not compile. */
const builders: { [K in ExecuteKind]: AdapterBuilder<K> } = {
  command: buildCommandAdapter,
  http: buildHttpAdapter,
  kafka: buildKafkaAdapter,
};

/** How the calls of a tool are made; undefined when a person makes them. @throws ConfigError */
export function adapterOf(
  { max_output: maxOutput }: Pick<ToolEntry, 'max_output'>,
  entries: { [K in ExecuteKind]?: ExecuteKindEntries[K] | undefined },
  { PATH, EXECUTION_TIMEOUT_SECONDS }: ExecutorConfig,
  scope: TemplateScope,
): Adapter | undefined {
  const build = <K extends ExecuteKind>(kind: K): Adapter | undefined => {
    const entry = entries[kind];
    if (entry === undefined) return undefined;
    const timeoutMs = millisOf(entry.timeout ?? EXECUTION_TIMEOUT_SECONDS);
    return builders[kind](entry, { limits: { timeoutMs, maxOutput }, scope, PATH });
  };
  const kind = executeKinds.find(({ name }) => entries[name]);
  return kind && build(kind.name);
}
