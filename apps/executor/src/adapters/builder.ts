import type { Millis } from '@countersign/contracts/time';
import type { ExecuteKind, ExecuteKindEntries } from '@countersign/definitions/execute';
import type { Adapter } from './adapter.js';
import type { TemplateScope } from '../templates/template.js';

/** What the adapter of any kind is held to, and what it may take from the executor. */
interface BuildContext {
  /** Of a tool's calls: the milliseconds that one may take, and the characters of a result that are kept. */
  limits: { timeoutMs: Millis; maxOutput: number };
  /** What the placeholders of the entry stand for, apart from those of a call. */
  scope: TemplateScope;
  /** Where programs are looked for. */
  PATH: string;
}

/** Makes the adapter of an entry that was checked. @throws ConfigError when it cannot be used in this environment */
export type AdapterBuilder<K extends ExecuteKind> = (entry: ExecuteKindEntries[K], context: BuildContext) => Adapter;
