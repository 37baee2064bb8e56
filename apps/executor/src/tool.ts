import type { ExecutionTerms } from '@countersign/contracts';
import type { ChangeWindow } from '@countersign/definitions';
import type { Adapter, ApprovedCall } from './adapter.js';

/** A tool whose calls are made here. */
export interface Tool {
  /** Absent when a person makes the calls. */
  adapter?: Adapter;
  /** What its executions are held to. @param resolved_at epoch seconds of the decision */
  terms(resolved_at: number): ExecutionTerms;
  /** Of all executions with the same key one is made at a time. */
  concurrencyKey?(call: ApprovedCall): string | undefined;
  changeWindows?: readonly ChangeWindow[];
}

export type Tools = ReadonlyMap<string, Tool>;
