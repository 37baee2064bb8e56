import { listIn, namesIn } from './entries.js';

/** Why a tool, or an MCP server's tools, cannot be named: there is no such thing. As far as the file tells. */
export function missingTool(file: unknown, reference: string): string | undefined {
  const servers = namesIn(file, ['mcp_servers'], 'name');
  if (reference.endsWith('/*')) {
    const server = reference.slice(0, -2);
    return servers.includes(server) ? undefined : `there is no MCP server "${server}": declare it under mcp_servers`;
  }
  // What modules export and servers offer is known to the runner only, once it has loaded or queried them.
  const hasModules = listIn(file, ['tool_modules']).length > 0;
  if (hasModules || servers.some((server) => reference.startsWith(`${server}__`))) return undefined;
  if (namesIn(file, ['tools'], 'name').includes(reference)) return undefined;
  return `there is no tool "${reference}": declare it under tools, or name the file it is in under tool_modules`;
}
