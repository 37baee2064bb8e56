import type { Execution } from '@countersign/contracts';

/** What came of a call. `unknown`: it was begun and nobody saw it end. */
export type Outcome =
  | { outcome: 'succeeded'; result: string }
  | { outcome: 'failed'; error: string }
  | { outcome: 'unknown'; reason: string };

export type ApprovedCall = Pick<Execution, 'id' | 'run_id' | 'tool_name' | 'tool_args'>;

/** A way to make calls happen. It is asked once for each approved call, and throws only before it has begun. */
export interface Adapter {
  execute(call: ApprovedCall): Promise<Outcome>;
}
