import type { PauseType } from '@countersign/contracts';
import type { ToolEntry } from './file.js';
import type { ToolDefinition } from './tool.js';

/** A tool of the file as an agent works with it. */
export function toolDefinitionOf(entry: ToolEntry): ToolDefinition {
  const { execute: _, ...fields } = entry;
  const requires = requirementOf(entry);
  const byExecutor = requires === 'external_execution' && entry.approval !== 'none';
  return { ...fields, requires, made_by: byExecutor ? 'executor' : 'person' };
}

/** What a call requires, said or meant: a tool without a function is made by somebody else once it is approved. */
export function requirementOf({ requires, execute, approval }: ToolEntry): PauseType | null {
  return requires ?? (execute || approval !== 'none' ? 'external_execution' : null);
}
