import type { Millis } from '@countersign/contracts/time';
import type { Mask } from '@countersign/definitions/masking';
import type { Credentials } from '@countersign/outbound';
import type { CallProgress } from '@countersign/tool';
import type { Gates } from './tools.js';
import type { McpTarget } from './transport.js';

export type McpServerOptions = {
  /** Its tools are named `<name>__<tool>`. */
  name: string;
  /** What is not let through here, by name or by `*`, is not offered. */
  tools: Gates;
  /** Whether its word that a tool only reads is taken, for tools that are not let through by name. */
  trustsReadOnlyHint?: boolean;
  /** Whether tools are not offered that are not let through by name and may destroy something. */
  leavesOutDestructive?: boolean;
  /** For connecting; a minute unless given. */
  timeoutMs?: Millis;
  /** Masks secrets in all output of the server; default: none. */
  mask?: Mask;
  /** What it knows us by; default: the headers or the environment of the target. */
  credentials?: Credentials;
} & McpTarget;

/** How a call is watched while it is made. */
export interface McpWatch {
  /** Timeout without progress. */
  timeoutMs: Millis;
  signal: AbortSignal;
  progress(progress: CallProgress): void;
  /** Asked once the server is there, right before each request: why nothing is to be sent, if so. */
  obstacle?(): string | undefined;
  /** An approved call's: what a server can know a call by that is made once more. */
  execution?: { id: string; attempt: number };
}
