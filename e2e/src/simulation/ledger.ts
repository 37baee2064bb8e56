import type { Event } from '@countersign/contracts';
import { callDigest, type ExactCall } from '@countersign/contracts/calls';
import type { Execution } from '@countersign/contracts/executions';
import { canonicalJson } from '@countersign/contracts/json';
import { isGated, type Call, type Run } from '@countersign/contracts/runs';
import { type EpochMillis, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import type { RunMessage } from '@countersign/agent-runner';
import { expect } from 'vitest';

export type Resolution = Extract<RunMessage, { type: 'resolved_by_caller' }>['resolutions'][number];

/** What a ledger looks at. */
interface WorldAtLarge {
  readonly now: EpochMillis;
  readonly runs: { readonly store: { readonly records: ReadonlyMap<string, Run> } };
  readonly trace: (line: string) => void;
}

/** Every real effect, checked when it happens against the decision on its approval or what the caller said. */
export class Ledger {
  readonly #world: WorldAtLarge;
  readonly #effects = new Set<string>();
  readonly #decisions = new Map<string, Event<'approval.resolved'>['data']>();
  readonly #resolutions = new Map<string, Resolution[]>();
  readonly #answers = new Map<string, number>();
  readonly #takenBack = new Set<string>();
  readonly #allowed = new Set<string>();
  readonly #settled = new Set<string>();
  readonly #restored = new Set<string>();
  /** Approved calls, as they reached their targets. */
  readonly made: (ExactCall & { approval_id: string; at: EpochSeconds })[] = [];

  constructor(world: WorldAtLarge) {
    this.#world = world;
  }

  decided(data: Event<'approval.resolved'>['data']): void {
    const before = this.#decisions.get(data.approval_id);
    if (before && data.repeated)
      return expect({ ...data, repeated: false, run_status: null }, 'what is said again').toEqual(before);
    expect(before, 'an approval is resolved once').toBe(undefined);
    expect(callDigest(data), 'the digest is of the call that is told').toBe(data.digest);
    this.#decisions.set(data.approval_id, data);
  }

  resolvedByCaller(resolutions: readonly Resolution[]): void {
    for (const resolution of resolutions)
      this.#resolutions.set(resolution.id, [...(this.#resolutions.get(resolution.id) ?? []), resolution]);
  }

  /** The executor has handled the end of the run. */
  takenBack(runId: string): void {
    this.#takenBack.add(runId);
  }

  started({ id, run_id }: Execution): void {
    // What a restored store has forgotten a person may start again, who knows more than it does.
    if (this.#restored.has(id) && this.#allowed.has(id)) return;
    expect(this.#takenBack.has(run_id), 'nothing is started after the end of its run').toBe(false);
  }

  /** A person has said that another start does no harm. */
  allowedAgain(id: string): void {
    this.#allowed.add(id);
  }

  /** A person has found out what came of it. */
  settledBy(id: string): void {
    this.#settled.add(id);
  }

  /** A person has requested another start, whatever was found out before. */
  retriedBy(id: string): void {
    this.#settled.delete(id);
  }

  /** The executor's store was restored: it knows nothing any more of these records, nor of ends of runs. */
  restored(ids: readonly string[]): void {
    for (const id of ids) this.#restored.add(id);
    this.#takenBack.clear();
  }

  /** Whether what is on record of an execution may differ from what was published before. */
  isRestored(id: string): boolean {
    return this.#restored.has(id);
  }

  isAllowedAgain(id: string): boolean {
    return this.#allowed.has(id);
  }

  /** What an idempotent target is asked for again is the same effect. */
  madeByExecutor({ id, run_id, tool_call_id, tool_name, tool_args, terms }: Execution): void {
    if (!this.#effects.has(id) || (terms.semantics === 'at_most_once' && !this.#allowed.has(id))) this.#once(id);
    const call = { run_id, tool_call_id, tool_name, tool_args };
    this.made.push({ ...call, approval_id: id, at: toEpochSeconds(this.#world.now) });
    this.#mustBeApproved(id, call);
    expect(this.#settled.has(id), 'nothing is made once a person has settled it').toBe(false);
  }

  madeByRunner({ run_id }: Run, call: Call): void {
    if (!isGated(call)) return;
    this.#once(call.id);
    const { tool_call_id, tool_name, tool_args, approval_id } = call.tool_execution;
    if (approval_id !== null) return this.#mustBeApproved(approval_id, { run_id, tool_call_id, tool_name, tool_args });
    const run = this.#world.runs.store.records.get(run_id)!;
    expect(run.calls.find(({ id }) => id === call.id)!.confirmation, 'the caller has let it through').toBe(true);
    expect(this.#letThrough(call), 'what the caller let through').toContain(canonicalJson(tool_args));
  }

  hasMade(id: string): boolean {
    return this.#effects.has(id);
  }

  modelAnswered(runId: string): void {
    this.#answers.set(runId, this.answersTo(runId) + 1);
  }

  /** How often the model has answered a run. */
  answersTo(runId: string): number {
    return this.#answers.get(runId) ?? 0;
  }

  #once(id: string): void {
    this.#world.trace(`  EFFECT of ${id}`);
    expect(this.#effects.has(id), `${id} is made once`).toBe(false);
    this.#effects.add(id);
  }

  #mustBeApproved(id: string, call: ExactCall): void {
    const decision = this.#decisions.get(id);
    expect(decision, `${id} is approved before it is made`).toMatchObject({ status: 'approved' });
    expect(decision!.resolution_data?.result, 'what was done by hand is not made').toBeUndefined();
    expect(callDigest({ ...decision!, ...call }), 'exactly the approved call').toBe(decision!.digest);
  }

  /** The arguments with which the caller may have let the call through. */
  #letThrough({ id, proposed_args, tool_execution }: Call): string[] {
    const said = (this.#resolutions.get(id) ?? []).filter(({ confirmed }) => confirmed !== false);
    if (!tool_execution.requires_user_input)
      return said.filter(({ confirmed }) => confirmed).map(() => canonicalJson(tool_execution.tool_args));
    return said.filter(({ values }) => values).map(({ values }) => canonicalJson({ ...proposed_args, ...values }));
  }
}
