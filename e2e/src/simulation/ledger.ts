import type { Event } from '@countersign/contracts';
import { callDigest, type ExactCall } from '@countersign/contracts/calls';
import type { Execution } from '@countersign/contracts/executions';
import { canonicalJson } from '@countersign/contracts/json';
import { isGated, type Call, type Run } from '@countersign/contracts/runs';
import { type EpochMillis, toEpochSeconds, type EpochSeconds } from '@countersign/contracts/time';
import type { RunMessage } from '@countersign/agent-runner';
import { expect } from 'vitest';
import type { StoreName } from './world.js';

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
  readonly #byRunner = new Set<string>();
  readonly #decisions = new Map<string, Event<'approval.resolved'>['data']>();
  /** Of stores that were restored since. */
  readonly #earlier = new Map<string, Event<'approval.resolved'>['data'][]>();
  readonly #resolutions = new Map<string, Resolution[]>();
  readonly #answers = new Map<string, number>();
  readonly #takenBack = new Set<string>();
  readonly #allowed = new Set<string>();
  readonly #settled = new Set<string>();
  readonly #restored = new Set<string>();
  /** Executions of which the restored store has no record, or an older one: a person who decides anew may have them made. */
  readonly #forgotten = new Set<string>();
  /** Approved calls, as they reached their targets. */
  readonly made: (ExactCall & { approval_id: string; at: EpochSeconds })[] = [];

  constructor(world: WorldAtLarge) {
    this.#world = world;
  }

  decided(data: Event<'approval.resolved'>['data']): void {
    const before = this.#decisions.get(data.approval_id);
    if (before && data.repeated)
      return expect({ ...data, repeated: false, run_status: null, run_began_at: null }, 'what is said again').toEqual(
        before,
      );
    expect(before, 'an approval is resolved once').toBe(undefined);
    expect(callDigest(data), 'the digest is of the call that is told').toBe(data.digest);
    this.#decisions.set(data.approval_id, data);
    if (data.automatic || !this.#forgotten.has(data.approval_id)) return;
    this.#allowed.add(data.approval_id);
    this.#settled.delete(data.approval_id);
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
    // What a restored store has forgotten a person may start again, who knows more; a run that has forgotten its end goes on.
    if (this.#restored.has(id) || this.#restored.has(run_id)) return;
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

  /**
   * A store has forgotten these records. What callers let through before counts no more, what they let through again may be made
   * again; a run that is not over any more goes on; and an approval may be resolved again.
   */
  restored(name: StoreName, ids: readonly string[]): void {
    for (const id of ids) this.#restored.add(id);
    if (name === 'executions') for (const id of ids) this.#forgotten.add(id);
    if (name !== 'approvals') this.#takenBack.clear();
    if (name === 'runs') {
      this.#resolutions.clear();
      for (const id of this.#byRunner) this.#effects.delete(id);
    }
    for (const id of name === 'approvals' ? ids : []) {
      const decision = this.#decisions.get(id);
      if (decision) this.#earlier.set(id, [...(this.#earlier.get(id) ?? []), decision]);
      this.#decisions.delete(id);
    }
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
    this.#byRunner.add(call.id);
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
    const decisions = [this.#decisions.get(id) ?? [], this.#earlier.get(id) ?? []]
      .flat()
      .filter(({ status, resolution_data }) => status === 'approved' && resolution_data?.result === undefined);
    expect(decisions, `${id} is approved before it is made, and not done by hand`).not.toEqual([]);
    const exactly = decisions.filter((decision) => callDigest({ ...decision, ...call }) === decision.digest);
    expect(exactly, 'exactly the approved call').not.toEqual([]);
  }

  /** The arguments with which the caller may have let the call through. */
  #letThrough({ id, proposed_args, tool_execution }: Call): string[] {
    const said = (this.#resolutions.get(id) ?? []).filter(({ confirmed }) => confirmed !== false);
    if (!tool_execution.requires_user_input)
      return said.filter(({ confirmed }) => confirmed).map(() => canonicalJson(tool_execution.tool_args));
    return said.filter(({ values }) => values).map(({ values }) => canonicalJson({ ...proposed_args, ...values }));
  }
}
