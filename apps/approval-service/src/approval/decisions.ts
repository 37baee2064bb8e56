import type { Principal } from '@countersign/auth';
import { isStanding, type Approval, type BulkResult, type ResolutionData, type Verdict } from '@countersign/contracts';
import type { CommandHandler } from '@countersign/persistence';
import { ProblemError } from '@countersign/service';
import type { ApprovalMessage } from './approval.js';
import type { Rules } from '../policy/rules.js';
import { inputProblems } from './user-input.js';

export interface Wish {
  status: Verdict;
  resolution_data?: ResolutionData | null | undefined;
  /** Of the call that they saw. */
  digest?: string | undefined;
}

/** Takes decisions, wherever they come from: over HTTP, from the bus, from a chat. The same rules hold for all. */
export class Decisions {
  constructor(
    private readonly approvals: CommandHandler<Approval, ApprovalMessage>,
    private readonly rules: Rules,
  ) {}

  /** The approval as it is now, if there is one. */
  async find(id: string): Promise<Approval | undefined> {
    return visible(await this.approvals.store.get(id));
  }

  /** Whether they have given this verdict, and it counts by the rules in force. */
  isGiven(approval: Approval, { status }: Wish, { subject }: Principal): boolean {
    if (approval.status === 'pending' && approval.rules_version !== this.rules.version) return false;
    const own = approval.decisions.filter(({ by, verdict }) => by === subject && verdict === status);
    return own.some((decision) => isStanding(approval, decision));
  }

  /** @throws ProblemError when the decision does not count; it says why. */
  async decide(id: string, { status, resolution_data = null, digest }: Wish, who: Principal): Promise<Approval> {
    const decided = {
      verdict: status,
      by: who.subject,
      groups: who.groups,
      resolution_data,
      digest,
      rules: this.rules,
    };
    const handled = await this.approvals.execute(id, { type: 'decided', ...decided });
    const approval = visible(handled.state);
    if (!approval) throw noSuchApproval(id);
    if (handled.kind === 'rejected') {
      const problems = approval.status === 'pending' ? inputProblems(approval, decided) : [];
      throw new ProblemError(
        statusOf[handled.code ?? 'late'],
        `${handled.reason}. GET /approvals/${id} shows where it stands.`,
        problems.length > 0 ? problems : undefined,
        handled.code,
      );
    }
    if (status === 'approved' && approval.status === 'rejected')
      throw new ProblemError(
        409,
        `already resolved: rejected. ${approval.resolution_data?.note ?? ''}`,
        undefined,
        'rejected_by_rule',
      );
    if (approval.status === 'expired')
      throw new ProblemError(409, 'already resolved: expired. The run has been told that nobody decided in time.');
    return approval;
  }

  /** The same, for one of many: what would be thrown is the outcome. */
  async attempt(id: string, wish: Wish, who: Principal): Promise<BulkResult> {
    try {
      return { id, status: 200, detail: (await this.decide(id, wish, who)).status, code: null };
    } catch (error) {
      if (error instanceof ProblemError) {
        const { detail, code = null } = error;
        return { id, status: error.getStatus(), detail, code };
      }
      throw error;
    }
  }
}

const statusOf = {
  forbidden: 403,
  invalid: 422,
  late: 409,
  stricter_rule: 409,
  rejected_by_rule: 409,
  call_changed: 409,
} as const;

export const visible = (approval: Approval | undefined): Approval | undefined =>
  approval?.deleted_at === null ? approval : undefined;

export const noSuchApproval = (id: string) =>
  new ProblemError(404, `There is no approval "${id}". GET /approvals lists them.`);
