import { callDigest } from '@countersign/contracts/calls';
import type { Execution } from '@countersign/contracts/executions';
import { toEpochMillis } from '@countersign/contracts/time';
import type { CountersignClient } from '../client.js';
import { ApiError } from '../transport/api-error.js';
import { patiently } from './patience.js';

type Client = Pick<CountersignClient, 'executions'>;

/** Another claim has it, or it is over or unknown: how the call stands says more. */
const elsewhere = new Set(['claim_lost', 'wrong_execution_state', 'outcome_unknown']);

/**
 * Makes an approved call here, under a lease that is extended meanwhile. The function is handed exactly what was
 * approved. It is never called twice for one claim, and what came of it is reported however long the server is away.
 *
 * @returns undefined when the call is not (any more) for this claim.
 * @throws what the function throws, once that it failed is reported.
 */
export async function makeCall(
  client: Client,
  id: string,
  run: (args: Record<string, unknown>) => unknown,
  signal?: AbortSignal,
): Promise<{ result: unknown } | undefined> {
  const claim = crypto.randomUUID();
  const execution = await claimed(client, id, claim, signal);
  if (!execution) return undefined;
  const { digest, tool_args } = execution;
  if (callDigest(execution) !== digest)
    throw new Error(`The arguments of call ${id} are not those that were approved.`);
  const stop = extending(client, execution, claim);
  try {
    const result = await run(tool_args);
    await report(client, id, { claim, digest, outcome: 'succeeded', result: JSON.stringify(result ?? null) });
    return { result };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const result = error instanceof Error ? error.message : String(error);
    await report(client, id, { claim, digest, outcome: 'failed', result });
    throw error;
  } finally {
    stop();
  }
}

/** The news of a decision reaches executor and runner apart, so that the executor may know of it a little later. */
async function claimed(
  client: Client,
  id: string,
  claim: string,
  signal?: AbortSignal,
): Promise<Execution | undefined> {
  const until = Date.now() + 30_000;
  const mayPass = ({ code }: ApiError) =>
    code === 'call_held' || (code === 'execution_not_found' && Date.now() < until);
  try {
    return await patiently(() => client.executions.claim(id, { claim }), signal, mayPass);
  } catch (error) {
    if (error instanceof ApiError && elsewhere.has(error.code)) return undefined;
    throw error;
  }
}

const report = (client: Client, id: string, said: Parameters<Client['executions']['outcome']>[1]): Promise<Execution> =>
  patiently(() => client.executions.outcome(id, said));

/** A few times within each lease. @returns what ends it */
function extending(client: Client, { id, lease, attempts }: Execution, claim: string): () => void {
  const began = toEpochMillis(attempts.at(-1)!.started_at);
  const every = Math.max(100, (lease!.expires_at - began) / 4);
  const timer = setInterval(() => void client.executions.extend(id, { claim }).catch(() => {}), every);
  return () => clearInterval(timer);
}
