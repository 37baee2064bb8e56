import type { RequestedCall, RequestedCalls } from '@countersign/contracts/runs';
import type { CountersignClient } from '../client.js';
import { makeCall, type Claimed } from './caller.js';
import { GateError } from './gate-error.js';
import { patiently } from './patience.js';

export interface GateOptions {
  client: Pick<CountersignClient, 'calls' | 'executions'>;
  /** The agent that asks; it is declared with `external: true`, and names the subject of the key under `callers`. */
  agent: string;
  /** The name of the tool as it is declared. Default: that of the function. */
  tool?: string;
  /** Shown to whoever decides, as what the agent says. */
  reason?: string;
  /** What the agent is built with, as it says. */
  framework?: string;
}

export interface CallOptions {
  /**
   * Names this call. Whoever calls again with the same key, after a crash for example, finds the same call, however far it
   * is. Default: a new one each time, so that nothing is found again.
   */
  key?: string;
  reason?: string;
  context?: Record<string, unknown>;
  /** Ends the wait; the call itself goes on, and is found by its key. */
  signal?: AbortSignal;
}

/** Resolves once the call was made. @throws GateError when it was not, or failed; ApiError when it may not be asked for */
export type Gated<A extends Record<string, unknown>, R> = (args: A, options?: CallOptions) => Promise<R>;

/**
 * Puts a function behind the gate: it runs only once its call is approved, with the arguments that were approved, here and
 * under a lease, whose loss aborts the `signal` that it is handed. The tool is declared with `execute: { caller: {} }`.
 * What it returns is stored as JSON.
 */
export function gate<A extends Record<string, unknown>, R>(
  run: (args: A, claimed: Claimed) => R | Promise<R>,
  options: GateOptions,
): Gated<A, R>;
/** A tool that the executor makes, once its call is approved. Resolves to its output. */
export function gate<A extends Record<string, unknown> = Record<string, unknown>>(
  run: null,
  options: GateOptions & { tool: string },
): Gated<A, string>;
export function gate<A extends Record<string, unknown>>(
  run: ((args: A, claimed: Claimed) => unknown) | null,
  { client, agent, tool = run?.name ?? '', ...said }: GateOptions,
): Gated<A, unknown> {
  return async (tool_args, { key = crypto.randomUUID(), reason, context, signal } = {}) => {
    const wanted = {
      calls: [{ tool_name: tool, tool_args }],
      ...said,
      ...(reason && { reason }),
      ...(context && { context }),
    };
    let asked = await patiently(() => client.calls.ask(agent, wanted, { idempotencyKey: key }), signal);
    for (;;) {
      const call = asked.calls[0]!;
      if (call.status === 'approved' && run) {
        const made = await makeCall(client, call.id, (args, claimed) => run(args as A, claimed), signal);
        if (made) return made.result;
      }
      if (call.status === 'succeeded') return run ? readResult(call) : (call.result ?? '');
      if (call.status !== 'waiting' && call.status !== 'approved') throw new GateError(call, asked);
      const before: RequestedCalls = asked;
      asked = await patiently(() => client.calls.next(before, { signal }), signal);
    }
  };
}

/** Of a call that was made before: what its function returned, or what a person found. */
function readResult({ result }: RequestedCall): unknown {
  try {
    return JSON.parse(result ?? 'null') as unknown;
  } catch {
    return result;
  }
}
