import { checkTerms } from './checks.js';
import type { ToolDefinition } from '../schema/tool.js';
import type { TermsEntry } from './terms.js';

/** @returns a line for each thing that is wrong with the terms on which calls of this tool are made. */
export const termsProblems = (terms: TermsEntry, tool: ToolDefinition): string[] =>
  checkTerms(terms, tool, ['execute'], tool.redact).map(
    ({ path, message }) => `${path.map(String).join('.')}: ${message}`,
  );
