import { checkWindow } from '../execute/checks.js';
import { duplicates, sound } from './entries.js';
import { checkMcpServer } from './mcp.js';
import { policyProblems } from './policy.js';
import { checkAgent, withoutInstructions } from './agent.js';
import { checkTool } from './tool.js';
import { missingAgent } from './condition.js';
import { Channel } from '../schema/channel.js';
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
    ...withoutInstructions(file),
    ...sound(file, ['agents'], AgentEntry).flatMap(([path, agent]) => checkAgent(agent, path, file)),
    ...sound(file, ['tools'], ToolEntry).flatMap(([path, tool]) => checkTool(tool, path)),
    ...sound(file, ['mcp_servers'], McpServerEntry).flatMap(([path, server]) => checkMcpServer(server, path)),
    ...checkWebPush(sound(file, ['channels'], Channel)),
    ...sound(file, ['channels'], Channel).flatMap(([path, channel]) => checkChannel(channel, path, file)),
    ...policyProblems(file),
  ];
}

/** A browser has one subscription, so that another channel would have to share it. */
const checkWebPush = (found: readonly (readonly [Path, Channel])[]): Problem[] =>
  found
    .filter(([, channel]) => 'web_push' in channel)
    .slice(1)
    .map(([path]) => ({ path: [...path, 'web_push'], message: 'there is one channel of Web Push at most' }));

/** One of an agent that there is not would never be notified. */
function checkChannel(channel: Channel, path: Path, file: unknown): Problem[] {
  const { agents = [], quiet_hours } = channel;
  const digest = 'digest' in channel ? channel.digest : undefined;
  const missing = agents.flatMap((id, n) => {
    const message = missingAgent(file, id);
    return message === undefined ? [] : [{ path: [...path, 'agents', n], message }];
  });
  return [
    ...missing,
    ...(quiet_hours ? checkWindow(quiet_hours, [...path, 'quiet_hours']) : []),
    ...(digest && 'at' in digest ? checkWindow(digest, [...path, 'digest']) : []),
  ];
}
