import type { ExecutionTerms } from '@countersign/contracts/executions';
import type { EpochSeconds, Millis } from '@countersign/contracts/time';
import type { ToolDefinition } from '@countersign/definitions';
import type { ChangeWindow } from '@countersign/definitions/execute';
import type { Adapter, ApprovedCall } from '../adapters/adapter.js';

/** How soon to look for an unavailable tool again. */
export const toolReturnsMs = 5_000;

/** A tool that this executor knows. */
export interface Tool {
  /** Undefined while the MCP server that has it is unreachable. */
  definition: ToolDefinition | undefined;
  /** Why there is no definition, for people. */
  unavailable?: string;
  /** The adapter sees right before the call that the definition is the requested one; what is known here may be old. */
  isCheckedByAdapter?: boolean;
  /** Of a tool whose calls are made by the external agent that asks: how long one may say nothing of it. */
  callerLeaseMs?: Millis;
  /** Absent when a person makes the calls, or whoever asked for them. */
  adapter?: Adapter;
  /** Shows what a call would do. `rerun`: once more, right before it is made. */
  preview?: { adapter: Adapter; rerun: boolean };
  /** What its executions are held to. @param resolved_at epoch seconds of the decision */
  terms(resolved_at: EpochSeconds): ExecutionTerms;
  /** Of all executions with the same key one is made at a time. */
  concurrencyKey?(call: ApprovedCall): string | undefined;
  changeWindows?: readonly ChangeWindow[];
}

/** All tools that this executor knows, by the name under which a model calls them. */
export interface Tools {
  get(name: string): Tool | undefined;
  /** Those whose calls it makes. */
  names(): string[];
}
