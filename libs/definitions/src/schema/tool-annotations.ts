import type { ToolAnnotations } from '@countersign/contracts/calls';

type Said = Partial<Record<Exclude<keyof ToolAnnotations, 'server'>, unknown>>;

/** What an MCP server says of a tool, with what its protocol takes silence for. What contradicts itself says nothing. */
export function annotationsOf(server: string, said: Said = {}): ToolAnnotations {
  const readOnlyHint = said.readOnlyHint === true && said.destructiveHint !== true;
  return {
    server,
    readOnlyHint,
    destructiveHint: !readOnlyHint && said.destructiveHint !== false,
    idempotentHint: said.idempotentHint === true,
    openWorldHint: said.openWorldHint !== false,
  };
}
