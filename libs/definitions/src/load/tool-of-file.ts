import type { PauseType } from '@countersign/contracts/calls';
import { executeWays } from '../execute/execute.js';
import type { ToolEntry } from '../schema/file.js';
import { digestOf } from './tool-version.js';
import type { ToolDefinition } from '../schema/tool.js';

/** A tool of the file, and what is done for its calls, whatever directory the file is in. */
export type DeclaredTool = ToolEntry & Pick<ToolDefinition, 'effect'>;

/** A digest of what the executor does, without the terms on which it does it; and of what it would show before. */
export function effectOf({ execute, preview }: ToolEntry): Pick<ToolDefinition, 'effect'> {
  const [done] = executeWays.flatMap((way) => (execute?.[way] ? [[way, execute[way]] as const] : []));
  if (!done) return {};
  const [way, entry] = done;
  return { effect: digestOf({ [way]: { ...entry, timeout: undefined }, ...(preview && { preview }) }) };
}

/** A tool of the file as an agent works with it. */
export function toolDefinitionOf(entry: DeclaredTool): ToolDefinition {
  const { execute: _, preview: __, ...fields } = entry;
  const requires = requirementOf(entry);
  const byExecutor = requires === 'external_execution' && entry.approval !== 'none';
  return { ...fields, requires, made_by: byExecutor ? 'executor' : 'person' };
}

/** What a call requires, set or by default: a call without a function is made elsewhere once it is approved. */
export function requirementOf({ requires, execute, approval }: ToolEntry): PauseType | null {
  return requires ?? (execute || approval !== 'none' ? 'external_execution' : null);
}
