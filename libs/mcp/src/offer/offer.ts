import type { CallToolResult } from '@modelcontextprotocol/server';

/** A tool as a client of MCP sees it. */
interface OfferedTool {
  name: string;
  description: string;
  /** The JSON Schema of the arguments. */
  parameters: Record<string, unknown>;
  /** Whether a call may be a task, whose answer is looked for later. */
  mayBeTask: boolean;
}

/** What came of a call: a sentence for a model, fields for a program, and whether it was not (yet) made well. */
export interface OfferedAnswer {
  text: string;
  fields: Record<string, unknown>;
  isError: boolean;
}

export interface OfferedCall {
  name: string;
  args: Record<string, unknown>;
  /** What the client names the call by, so that it finds it again; undefined when it does not. */
  key: string | undefined;
  /** Aborted when the client takes its request back. */
  signal: AbortSignal;
  /** Says how far it is, to a client that wants to know. */
  progress(message: string): Promise<void>;
}

/** What is offered over the Model Context Protocol. */
export interface Offer {
  name: string;
  tools: readonly OfferedTool[];
  call(call: OfferedCall): Promise<OfferedAnswer>;
  /** Asks for a call and does not wait for it. @returns why not, where it may not be asked for */
  begin(call: OfferedCall): Promise<OfferedTask | OfferedAnswer>;
  /** How far such a call is. */
  task(id: string): Promise<OfferedTask | undefined>;
  /** Takes it back as far as it has not begun. @returns why not, where it is over */
  cancel(id: string): Promise<OfferedTask | OfferedAnswer | undefined>;
  /** What came of it, once something has. */
  answer(id: string, signal: AbortSignal): Promise<OfferedAnswer | undefined>;
}

/** A call whose answer is looked for later. */
export interface OfferedTask {
  id: string;
  status: 'working' | 'completed' | 'failed' | 'cancelled';
  message: string;
  created_at: Date;
  updated_at: Date;
}

export const resultOf = ({ text, fields, isError }: OfferedAnswer): CallToolResult => ({
  content: [{ type: 'text', text }],
  structuredContent: fields,
  isError,
});
