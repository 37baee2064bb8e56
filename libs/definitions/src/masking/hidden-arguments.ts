import type { HiddenArguments } from '@countersign/contracts';
import { mcpToolName, type McpServerEntry } from '../schema/mcp-server.js';
import type { ToolDefinition } from '../schema/tool.js';

/** How a server's tool is gated that models call by this name: as it is named in the file, else as any other. */
export function entriesFor({ name, tools }: McpServerEntry, called: string): McpServerEntry['tools'][string][] {
  if (!called.startsWith(mcpToolName(name, ''))) return [];
  const named = Object.entries(tools).filter(([tool]) => tool !== '*' && mcpToolName(name, tool) === called);
  return named.length > 0 ? named.map(([, entry]) => entry) : [tools['*'] ?? []].flat();
}

/**
 * What is redacted in calls of a tool, whatever a message says; all of a tool that is not known.
 *
 * @param tools what is declared, by name
 */
export const hiddenArguments =
  (
    tools: () => ReadonlyMap<string, Pick<ToolDefinition, 'redact'>>,
    servers: () => readonly McpServerEntry[],
  ): HiddenArguments =>
  (tool_name) => {
    const declared = tools().get(tool_name);
    const found = [...(declared ? [declared] : []), ...servers().flatMap((server) => entriesFor(server, tool_name))];
    return found.length === 0 ? 'all' : [...new Set(found.flatMap(({ redact }) => redact))];
  };
