import { checkTerms } from '../execute/checks.js';
import { checkGate } from './gate.js';
import { checkPresentation } from './presentation.js';
import { checkTemplate } from './template.js';
import { checkToken, onlyEnvironment } from './token.js';
import type { McpServerEntry } from '../schema/mcp-server.js';
import type { Path, Problem } from '../load/source.js';

/** What is wrong with an MCP server of the file, beyond its shape. */
export function checkMcpServer(server: McpServerEntry, path: Path): Problem[] {
  const [field, values] = 'url' in server ? (['headers', server.headers] as const) : (['env', server.env] as const);
  const hints = ['trust_read_only_hint', 'leave_out_destructive'] as const;
  const inVain = Object.hasOwn(server.tools, '*') ? [] : hints.filter((hint) => server[hint]);
  return [
    ...inVain.map((hint) => ({ path: [...path, hint], message: onlyUnderAny })),
    ...Object.entries(values).flatMap(([name, text]) => checkTemplate(text, [...path, field, name], onlyEnvironment)),
    ...('url' in server && server.token ? checkToken(server.token, server.headers, [...path, 'token']) : []),
    ...Object.entries(server.tools).flatMap(([name, gate]) => [
      ...checkGate(gate, [...path, 'tools', name]),
      ...(gate.presentation
        ? checkPresentation(gate.presentation, [...path, 'tools', name, 'presentation'], undefined)
        : []),
      ...checkTerms(gate.execute, undefined, [...path, 'tools', name, 'execute'], gate.redact),
    ]),
  ];
}

const onlyUnderAny = 'is of the tools under "*", and there is no "*" under tools';
