import { duplicates, sound } from './entries.js';
import { checkMcpServer } from './mcp.js';
import { policyProblems } from './policy.js';
import { missingTool } from './reference.js';
import { checkTool } from './tool.js';
import { AgentEntry, ToolEntry } from '../schema/file.js';
import { McpServerEntry } from '../schema/mcp-server.js';
import type { Path, Problem } from '../load/source.js';

/**
 * What is wrong with a file beyond its shape. An entry with the wrong shape is passed over,
 * so that all problems of the others are reported at once.
 */
export function crossProblems(file: unknown): Problem[] {
  return [
    ...duplicates(file, ['agents'], 'id'),
    ...duplicates(file, ['tools'], 'name'),
    ...duplicates(file, ['mcp_servers'], 'name'),
    ...duplicates(file, ['channels'], 'name'),
    ...sound(file, ['agents'], AgentEntry).flatMap(([path, agent]) => checkAgent(agent, path, file)),
    ...sound(file, ['tools'], ToolEntry).flatMap(([path, tool]) => checkTool(tool, path)),
    ...sound(file, ['mcp_servers'], McpServerEntry).flatMap(([path, server]) => checkMcpServer(server, path)),
    ...policyProblems(file),
  ];
}

function checkAgent({ tools }: AgentEntry, path: Path, file: unknown): Problem[] {
  return tools.flatMap((name, n) => {
    const isTwice = tools.indexOf(name) < n;
    const message = isTwice ? `${name} is listed twice: remove one` : missingTool(file, name);
    return message ? [{ path: [...path, 'tools', n], message }] : [];
  });
}
