import { z } from 'zod';
import { TermsEntry } from '../execute/terms.js';
import { Duration } from './duration.js';
import { TokenEntry } from './token.js';
import { gate } from './tool.js';

const requires = z.enum(['confirmation', 'user_input']).optional().meta({
  description:
    'confirmation, which is meant when unset unless approval is none: the call is made once it is let through. user_input: a person fills in arguments first.',
});

/** How the calls of an MCP server's tool are gated, and made: by the executor, or by the runner those that need no approval. */
export const McpGate = z
  .strictObject({
    approval: gate.approval.default('required'),
    requires,
    user_input: gate.user_input.default([]),
    redact: gate.redact.default([]),
    presentation: gate.presentation,
    act_within: gate.act_within,
    max_output: gate.max_output,
    timeout: Duration.default(300).meta({
      description: 'Timeout of a call without an answer; a progress notification restarts it.',
    }),
    execute: TermsEntry.prefault({}).meta({ description: 'On which terms the executor makes its approved calls.' }),
  })
  .transform(({ requires, ...rest }) => ({
    ...rest,
    requires: requires ?? (rest.approval === 'none' ? null : ('confirmation' as const)),
  }));
export type McpGate = z.infer<typeof McpGate>;

export const ServerName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64');

const shared = {
  name: ServerName,
  tools: z.record(z.string().min(1).max(128), McpGate).meta({
    description: 'Which tools are offered, by their name at the server or * for any other. The rest is not offered.',
  }),
  trust_read_only_hint: z.boolean().default(false).meta({
    description:
      'Whether a tool under * of which the server says that it only reads (readOnlyHint, and not destructiveHint) needs no approval. It is the word of the server; nothing else that it says of its tools frees one.',
  }),
  leave_out_destructive: z.boolean().default(false).meta({
    description:
      'Whether a tool under * is not offered unless its server says that it only reads (readOnlyHint) or destroys nothing (destructiveHint: false). To offer one that says neither, name it.',
  }),
};

const McpStdioServer = z.strictObject({
  name: shared.name,
  command: z
    .string({ error: ({ input }) => (input === undefined ? 'is missing: a server has a command or a url' : undefined) })
    .min(1)
    .meta({ description: 'The program that is started and spoken to over its input and output.' }),
  args: z.array(z.string()).default([]),
  env: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({ description: 'Its environment besides PATH. May contain {{env.NAME}}.' }),
  working_directory: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Relative to this file's directory, which is also where it runs when unset." }),
  tools: shared.tools,
  trust_read_only_hint: shared.trust_read_only_hint,
  leave_out_destructive: shared.leave_out_destructive,
});

const McpHttpServer = z.strictObject({
  name: shared.name,
  url: z.url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' }),
  headers: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({ description: 'Sent with every request. May contain {{env.NAME}}.' }),
  token: TokenEntry.optional(),
  tools: shared.tools,
  trust_read_only_hint: shared.trust_read_only_hint,
  leave_out_destructive: shared.leave_out_destructive,
});

export const McpServerEntry = z.union([McpStdioServer, McpHttpServer]);
type McpStdioServer = z.infer<typeof McpStdioServer>;
type McpHttpServer = z.infer<typeof McpHttpServer>;
/** An MCP server as the file declares it, with defaults filled in: `'url' in server` tells the two kinds apart. */
export type McpServerEntry = z.infer<typeof McpServerEntry>;

/** How a server's tool is gated: as its own name says, else as `*` does. `undefined`: it is not offered. */
export function mcpGate({ tools }: McpServerEntry, tool: string): McpGate | undefined {
  return Object.hasOwn(tools, tool) ? tools[tool] : tools['*'];
}

/** What a model calls a tool of a server. */
export const mcpToolName = (server: string, tool: string): string =>
  `${server}__${tool}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64);
