import { callDigest } from '@countersign/contracts/calls';
import type { Execution } from '@countersign/contracts/executions';
import { after, toEpochMillis, type Millis } from '@countersign/contracts/time';
import type { CountersignClient } from '../client.js';
import { ApiError } from '../transport/api-error.js';
import { patiently } from './patience.js';

type Client = Pick<CountersignClient, 'executions'>;

/** Another claim has it, or it is over or unknown: how the call stands says more. */
const elsewhere = new Set(['claim_lost', 'wrong_execution_state', 'outcome_unknown']);

/** What a function behind the gate gets besides its arguments. */
export interface Claimed {
  /** Of the call, and of its approval. */
  id: string;
  /**
   * Aborted once the lease is lost, since the server was away for as long or takes the caller for vanished. The outcome
   * counts as unknown then: whatever can still be left undone should be.
   */
  signal: AbortSignal;
}

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
  run: (args: Record<string, unknown>, claimed: Claimed) => unknown,
  signal?: AbortSignal,
): Promise<{ result: unknown } | undefined> {
  const claim = crypto.randomUUID();
  const asked = performance.now();
  const execution = await unlessElsewhere(claimed(client, id, claim, signal));
  if (!execution) return undefined;
  const { digest, tool_args } = execution;
  if (callDigest(execution) !== digest)
    throw new Error(`The arguments of call ${id} are not those that were approved.`);
  const ms = leaseMs(execution);
  const since = await unlessElsewhere(heldSince(client, { id, claim, ms, asked }, signal));
  if (since === undefined) return undefined;
  const lease = new HeldLease(client, { id, claim, ms, since });
  try {
    const ended = await endOf(() => run(tool_args, { id, signal: lease.lost }));
    if (!(await report(client, id, { claim, digest, ...ended.said }))) return undefined;
    if (ended.said.outcome === 'failed') throw ended.error;
    return { result: ended.result };
  } finally {
    lease.release();
  }
}

/** What is thrown by the function alone, and by nothing after it, says that it failed. */
async function endOf(run: () => unknown) {
  try {
    const result = await run();
    return { result, said: { outcome: 'succeeded', result: written(result) } as const };
  } catch (error) {
    const result = error instanceof Error ? error.message : String(error);
    return { error, said: { outcome: 'failed', result } as const };
  }
}

function written(result: unknown): string {
  try {
    return JSON.stringify(result ?? null) ?? 'null';
  } catch {
    return JSON.stringify('[what it returned cannot be written as JSON]');
  }
}

async function unlessElsewhere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && elsewhere.has(error.code)) return undefined;
    throw error;
  }
}

/** A decision reaches executor and runner by separate consumers, so the executor may know of it a little later. */
function claimed(client: Client, id: string, claim: string, signal?: AbortSignal): Promise<Execution> {
  const until = Date.now() + 30_000;
  const mayPass = ({ code }: ApiError) =>
    code === 'call_held' || (code === 'execution_not_found' && Date.now() < until);
  return patiently(() => client.executions.claim(id, { claim }), signal, mayPass);
}

/** An attempt knows its second, and may have begun at the end of it: rather shorter than the server's lease than longer. */
const leaseMs = ({ lease, attempts }: Execution): Millis =>
  Math.max(400, lease!.expires_at - toEpochMillis(after(attempts.at(-1)!.started_at, 1)));

interface Claim {
  id: string;
  claim: string;
  /** How long its lease is. */
  ms: Millis;
}

/**
 * The claim may have been taken long before its answer came, so whoever begins has been told lately that it still holds.
 *
 * @returns when that was asked, by the clock of whoever calls
 */
async function heldSince(
  client: Client,
  { id, claim, ms, asked }: Claim & { asked: number },
  signal?: AbortSignal,
): Promise<number> {
  let since = asked;
  while (performance.now() - since > ms / 2)
    await patiently(() => {
      since = performance.now();
      return client.executions.extend(id, { claim });
    }, signal);
  return since;
}

/** @returns whether it counts; else the claim was lost meanwhile, and a person finds out. */
async function report(
  client: Client,
  id: string,
  said: Parameters<Client['executions']['outcome']>[1],
): Promise<boolean> {
  const reported = patiently(() => client.executions.outcome(id, said)).then(() => true);
  return (await unlessElsewhere(reported)) ?? false;
}

/** Extends a lease a few times within each, and tells when it is lost; by this machine's own time, and no other's. */
class HeldLease {
  readonly #lost = new AbortController();
  readonly #extensions: ReturnType<typeof setInterval>;
  readonly #ms: Millis;
  #isOver = false;
  #expiry: ReturnType<typeof setTimeout>;

  constructor(client: Client, { id, claim, ms, since }: Claim & { since: number }) {
    this.#ms = ms;
    this.#expiry = this.#expire(ms - (performance.now() - since));
    this.#extensions = setInterval(async () => {
      const sent = performance.now();
      try {
        await client.executions.extend(id, { claim });
        clearTimeout(this.#expiry);
        if (!this.#isOver) this.#expiry = this.#expire(this.#ms - (performance.now() - sent));
      } catch (error) {
        if (error instanceof ApiError && elsewhere.has(error.code)) this.#lose();
      }
    }, this.#ms / 4);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  #expire(afterMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#lose(), afterMs);
  }

  #lose(): void {
    this.release();
    this.#lost.abort(new Error('The lease of the call is lost, so that its outcome counts as unknown.'));
  }

  release(): void {
    // An extension may be under way, and its answer must not begin another wait.
    this.#isOver = true;
    clearInterval(this.#extensions);
    clearTimeout(this.#expiry);
  }
}
