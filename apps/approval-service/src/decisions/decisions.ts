import { actOf, type Principal, type RefusedAttempts } from '@countersign/auth';
import { isStanding, type Approval, type ResolutionData, type DecisionVerdict } from '@countersign/contracts/approvals';
import type { Problem } from '@countersign/contracts/problems';
import { toEpochMillis, type EpochMillis } from '@countersign/contracts/time';
import type { CommandHandler } from '@countersign/persistence';
import type { ApprovalMessage, ApprovalRejection, SetBackCode } from '../approval/messages.js';
import type { Delegations } from '../delegations/delegations.js';
import type { StandIn } from '../approval/deputies/deputy.js';
import type { BreakGlassCommand } from '../approval/break-glass/break-glass.js';
import type { PreviewTerms } from '../approval/previews/preview.js';
import type { Rules, RulesInForce } from '../policy/rules.js';
import { inputProblems } from '../approval/user-input.js';

export interface Wish {
  status: DecisionVerdict;
  resolution_data?: ResolutionData | null | undefined;
  /** Of the call that they saw. */
  digest?: string | undefined;
  /** What they typed as the target of a critical call. */
  target?: string | undefined;
  /** Whether one request decides on several. */
  isOneOfSeveral?: boolean;
}

type BreakGlassSaid = Pick<BreakGlassCommand, 'reason' | 'digest' | 'target'>;

/** Why a decision does not count: the code for programs, the message for people, and each value that does not fit. */
interface Refused {
  code: ApprovalRejection | 'approval_expired';
  message: string;
  errors?: NonNullable<Problem['errors']>;
}
const notForEverybody: ReadonlySet<ApprovalRejection> = new Set([
  'may_not_decide',
  'decision_not_allowed',
  'may_not_break_glass',
  'may_not_review',
  'may_not_answer',
]);

interface Spoken {
  by: string;
  groups: readonly string[];
  standsInFor: readonly StandIn[];
  rules: Rules;
}

export type Outcome = { ok: Approval } | Refused;

/** Takes decisions, wherever they come from: over HTTP, from the bus, from a chat. The same rules hold for all. */
export class Decisions {
  constructor(
    private readonly approvals: CommandHandler<Approval, ApprovalMessage, ApprovalRejection>,
    private readonly inForce: RulesInForce,
    private readonly attempts: Pick<RefusedAttempts, 'add'>,
    /** Why a call that was asked for then may have been made since, by records that are lost. */
    private readonly delegations: Pick<Delegations, 'of'>,
    private readonly setBack: (asked: EpochMillis) => SetBackCode,
    /** The preview that a tool has. */
    private readonly previewOf: (tool_name: string) => PreviewTerms | null = () => null,
  ) {}

  /** Resolves when this process works by what is in force now. @throws RetryableError when it does not */
  fresh(): Promise<void> {
    return this.inForce.fresh();
  }

  /** The approval as it is now, if there is one. */
  async find(id: string): Promise<Approval | undefined> {
    return notDeleted(await this.approvals.store.get(id));
  }

  /** Whether their decision with this verdict is recorded, and counts by the rules in force. */
  async isRecorded(approval: Approval, { status }: Wish, { subject }: Principal): Promise<boolean> {
    await this.inForce.fresh();
    if (approval.status === 'pending' && approval.rules_version !== this.inForce.rules.version) return false;
    const own = approval.decisions.filter(({ by, verdict }) => by === subject && verdict === status);
    return own.some((decision) => isStanding(approval, decision));
  }

  /** Asks those who requested the call. @param id of the question */
  async ask(approval_id: string, { id, text }: { id: string; text: string }, who: Principal): Promise<Outcome> {
    return this.#say(approval_id, { type: 'asked', id, text, ...(await this.#spokenBy(who)) }, who);
  }

  /** Answers a question. */
  async answer(
    approval_id: string,
    { question_id, text }: { question_id: string; text: string },
    who: Principal,
    command?: { id: string },
  ): Promise<Outcome> {
    const set_back = await this.#setBackOf(approval_id);
    const isAdministrator = who.roles.includes('admin');
    const isApprover = who.scopes.has('approvals:write');
    const by = { isAdministrator, isApprover, ...(await this.#spokenBy(who)) };
    const answered = { type: 'answered', question_id, text, set_back, ...by } as const;
    return this.#say(approval_id, answered, who, command);
  }

  /** Asks what the call would do, with these arguments and values or as it stands. */
  async preview(id: string, wanted: Pick<ResolutionData, 'tool_args' | 'values'>, who: Principal): Promise<Outcome> {
    const spoken = await this.#spokenBy(who);
    const approval = await this.approvals.store.get(id);
    const terms = approval ? this.previewOf(approval.tool_name) : null;
    return this.#say(id, { type: 'preview_wanted', ...wanted, terms, ...spoken }, who);
  }

  /** Approves in an emergency, as the rules let this person. */
  async breakGlass(id: string, said: BreakGlassSaid, who: Principal): Promise<Outcome> {
    return this.#say(id, { type: 'glass_broken', ...said, ...(await this.#spokenBy(who)) }, who);
  }

  /** Closes the review of a broken glass. */
  review(id: string, text: string, who: Principal): Promise<Outcome> {
    return this.#say(id, { type: 'reviewed', text, by: who.subject, groups: who.groups }, who);
  }

  /** Whoever speaks, and the rules that are in force by then, whichever instance has put them there. */
  async #spokenBy(who: Principal): Promise<Spoken> {
    await this.inForce.fresh();
    const { subject: by, groups } = who;
    return { by, groups, standsInFor: await this.delegations.of(who), rules: this.inForce.rules };
  }

  /** Who tried what they may not is on record. */
  #tell(code: ApprovalRejection, { id: approval_id, run_id, tool_name }: Approval, who: Principal): void {
    if (notForEverybody.has(code)) this.attempts.add({ code, who, about: { run_id, approval_id, tool_name } });
  }

  async #setBackOf(id: string): Promise<SetBackCode> {
    const approval = await this.approvals.store.get(id);
    return approval ? this.setBack(toEpochMillis(approval.created_at)) : null;
  }

  async #say(id: string, message: ApprovalMessage, who: Principal, command?: { id: string }): Promise<Outcome> {
    const handled = await this.approvals.execute(id, message, { act: actOf(who, command) });
    const approval = notDeleted(handled.state);
    if (!approval) return { code: 'approval_not_found', message: `There is no approval "${id}".` };
    if (handled.kind === 'rejected') {
      this.#tell(handled.code, approval, who);
      return { code: handled.code, message: `${handled.reason}.` };
    }
    const isDone = message.type === 'reviewed' || (message.type !== 'asked' && approval.status === 'approved');
    if (isDone || approval.status === 'pending' || handled.kind === 'ignored') return { ok: approval };
    return { code: 'already_resolved', message: `already resolved: ${approval.status}.` };
  }

  /** What comes of it: the approval as it is then, or why the decision does not count. */
  async decide(
    id: string,
    { status, resolution_data = null, digest, target, isOneOfSeveral }: Wish,
    who: Principal,
    command?: { id: string },
  ): Promise<Outcome> {
    // What others have approved can be enough once somebody rejects who had a question.
    const set_back = status === 'rejected' ? await this.#setBackOf(id) : null;
    const spoken = await this.#spokenBy(who);
    const decided = { verdict: status, resolution_data, digest, target, isOneOfSeveral, set_back, ...spoken };
    const handled = await this.approvals.execute(id, { type: 'decided', ...decided }, { act: actOf(who, command) });
    const approval = notDeleted(handled.state);
    if (!approval) return { code: 'approval_not_found', message: `There is no approval "${id}".` };
    if (handled.kind === 'rejected') {
      this.#tell(handled.code, approval, who);
      const errors = approval.status === 'pending' ? inputProblems(approval, decided) : [];
      return { code: handled.code, message: `${handled.reason}.`, ...(errors.length > 0 && { errors }) };
    }
    if (status === 'approved' && approval.status === 'rejected') {
      const message = `already resolved: rejected. ${approval.resolution_data?.note ?? ''}`;
      return { code: 'rejected_by_rule', message };
    }
    if (approval.status === 'expired') {
      const message = 'already resolved: expired. The run continues without the call.';
      return { code: 'approval_expired', message };
    }
    return { ok: approval };
  }
}

export const notDeleted = (approval: Approval | undefined): Approval | undefined =>
  approval?.deleted_at === null ? approval : undefined;
