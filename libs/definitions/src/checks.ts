import type { z } from 'zod';
import { checkMcpServer } from './checks.mcp.js';
import { checkTool } from './checks.tool.js';
import { AgentEntry, ToolEntry } from './file.js';
import { McpServerEntry } from './file.mcp.js';
import type { Path, Problem } from './source.js';

/**
 * What is wrong with a file beyond its shape. An entry with the wrong shape is passed over,
 * so that everything that can be said about the others is said at once.
 */
export function crossProblems(file: unknown): Problem[] {
  return [
    ...duplicates(file, 'agents', 'id'),
    ...duplicates(file, 'tools', 'name'),
    ...duplicates(file, 'mcp_servers', 'name'),
    ...sound(file, 'agents', AgentEntry).flatMap(([path, agent]) => checkAgent(agent, path, file)),
    ...sound(file, 'tools', ToolEntry).flatMap(([path, tool]) => checkTool(tool, path)),
    ...sound(file, 'mcp_servers', McpServerEntry).flatMap(([path, server]) => checkMcpServer(server, path)),
  ];
}

function checkAgent({ tools }: AgentEntry, path: Path, file: unknown): Problem[] {
  const hasModules = listIn(file, 'tool_modules').length > 0;
  const [known, servers] = [namesIn(file, 'tools', 'name'), namesIn(file, 'mcp_servers', 'name')];
  const messageFor = (name: string, n: number): string | undefined => {
    if (tools.indexOf(name) < n) return `${name} is listed twice: remove one`;
    if (name.endsWith('/*')) {
      const server = name.slice(0, -2);
      return servers.includes(server) ? undefined : `there is no MCP server "${server}": declare it under mcp_servers`;
    }
    // What modules export and servers offer is known to the runner only, once it has loaded and asked them.
    if (hasModules || known.includes(name) || servers.some((server) => name.startsWith(`${server}__`)))
      return undefined;
    return `there is no tool "${name}": declare it under tools, or name the file it is in under tool_modules`;
  };
  return tools.flatMap((name, n) => {
    const message = messageFor(name, n);
    return message ? [{ path: [...path, 'tools', n], message }] : [];
  });
}

function duplicates(file: unknown, list: string, key: string): Problem[] {
  const names = namesIn(file, list, key);
  return names.flatMap((name, n) => {
    const first = names.indexOf(name);
    if (name === undefined || first === n) return [];
    return [{ path: [list, n, key], message: `"${name}" is taken by ${list}.${first}: give each another ${key}` }];
  });
}

/** The entries of a list that have the right shape. */
const sound = <S extends z.ZodType>(file: unknown, list: string, schema: S): [Path, z.infer<S>][] =>
  listIn(file, list).flatMap((entry, n): [Path, z.infer<S>][] => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [[[list, n], parsed.data]] : [];
  });

/** Of every entry, whatever else is wrong with it. */
const namesIn = (file: unknown, list: string, key: string): (string | undefined)[] =>
  listIn(file, list).map((entry) => {
    const name = (entry as Record<string, unknown> | null)?.[key];
    return typeof name === 'string' ? name : undefined;
  });

function listIn(file: unknown, list: string): unknown[] {
  const found = (file as Record<string, unknown> | null | undefined)?.[list];
  return Array.isArray(found) ? found : [];
}
