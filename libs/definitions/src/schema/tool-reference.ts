import { z } from 'zod';

/** A tool by its name, an MCP server's as `server__tool`, or `server/*` for every tool that a server offers. */
export const ToolReference = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}(\/\*)?$/, "must be the name of a tool, or an MCP server's followed by /*");

export const isNamedBy = (reference: string, tool: string): boolean =>
  reference.endsWith('/*') ? tool.startsWith(`${reference.slice(0, -2)}__`) : reference === tool;
