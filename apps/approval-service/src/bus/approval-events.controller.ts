import { CommandGuard, CommandRefused, type Principal } from '@countersign/auth';
import type { Event, EventData } from '@countersign/contracts';
import type { Approval, PossiblyExecuted } from '@countersign/contracts/approvals';
import type { NoticeKind } from '@countersign/contracts/deliveries';
import { TerminalError } from '@countersign/contracts/problems';
import {
  atSeconds,
  toEpochMillis,
  toEpochSeconds,
  type Clock,
  type EpochMillis,
  type EpochSeconds,
} from '@countersign/contracts/time';
import { Belongings, type CommandHandler } from '@countersign/persistence';
import { OnEvent, Refusals, type Alarms } from '@countersign/service';
import { endedAt, RequestGuard, type RunEnd } from '@countersign/signing';
import { Controller, Inject } from '@nestjs/common';
import { ApprovalMetrics } from '../lists/approval-metrics.js';
import type { ApprovalMessage, ApprovalRejection } from '../approval/messages.js';
import { unjudged } from '../approval/approval-request.js';
import { shownBefore } from '../approval/previews/shown-before.js';
import { Decisions } from '../decisions/decisions.js';
import { gatedBy } from '../gates/gated-request.js';
import { Gates } from '../gates/gates.js';
import { Grants } from '../grants/grants.js';
import { PolicyEvaluator } from '../policy/policy-evaluator.js';
import { dueNotice } from '../notify/deliveries/due-notice.js';
import { Notifier } from '../notify/notifier.js';
import { ALARMS, APPROVALS, CLOCK, SET_BACK } from '../tokens.js';

/** What arrives for approvals. */
@Controller()
export class ApprovalEventsController {
  readonly #ofRuns: Belongings<Approval>;

  constructor(
    @Inject(APPROVALS) private readonly approvals: CommandHandler<Approval, ApprovalMessage, ApprovalRejection>,
    @Inject(Grants) private readonly grants: Grants,
    @Inject(RequestGuard) private readonly guard: Pick<RequestGuard, 'problemWithRequest' | 'problemWithEnd'>,
    @Inject(ALARMS) private readonly alarms: Alarms,
    @Inject(Gates) private readonly gates: Pick<Gates, 'of' | 'previewOf'>,
    @Inject(PolicyEvaluator) private readonly judge: PolicyEvaluator,
    @Inject(Decisions) private readonly decisions: Decisions,
    @Inject(CommandGuard) private readonly commands: Pick<CommandGuard, 'once'>,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(Notifier) private readonly notifier: Notifier,
    @Inject(ApprovalMetrics) private readonly metrics: Pick<ApprovalMetrics, 'resolved'>,
    @Inject(SET_BACK) private readonly setBack: (began: EpochMillis) => PossiblyExecuted['code'] | null,
    @Inject(CLOCK) private readonly now: Clock,
  ) {
    this.#ofRuns = new Belongings(approvals.store, 'run_id', 10_000);
  }

  @OnEvent('approval-service', 'tool.approval_required')
  async required(event: Event<'tool.approval_required'>): Promise<void> {
    const { approval_id, run_id, tool_name } = event.data;
    const problem = await this.guard.problemWithRequest(event.data);
    if (problem !== undefined) throw this.#refused('request', { approval_id, run_id, tool_name, reason: problem });
    const handled = await this.approvals.execute(approval_id, await this.#requiredMessage(event), { creates: true });
    if (handled.kind === 'rejected')
      throw new TerminalError(handled.code, `approval ${approval_id}: ${handled.reason}`);
  }

  /** The request, gated by this service's own definitions. An unknown tool is refused, so that no run waits. */
  async #requiredMessage(event: Event<'tool.approval_required'>): Promise<ApprovalMessage> {
    const { approval_id, run_id, tool_name } = event.data;
    await this.judge.fresh();
    const gate = this.gates.of(event.data);
    if ('code' in gate) {
      this.alarms.refused('request', 'refused', { approval_id, run_id, tool_name, reason: gate.reason });
      return { type: 'required', event, policyDecision: unjudged, refusal: gate };
    }
    const data = gatedBy(gate, event.data);
    const preview = this.gates.previewOf(tool_name);
    const previewBefore = preview && (await shownBefore(this.approvals.store, data));
    const shown = { presentation: gate.presentation ?? null, preview, previewBefore };
    const ruled = { ...this.judge.evaluate(data), ...shown };
    const possibly_executed = this.#possiblyExecuted(data);
    const grant = possibly_executed ? null : await this.grants.use(data, ruled);
    const policyDecision = { ...ruled, grant, possibly_executed };
    return { type: 'required', event: { ...event, data }, policyDecision };
  }

  /** A run that does not say when it began is as old as any. */
  #possiblyExecuted({ run_began_at, set_back }: EventData<'tool.approval_required'>): PossiblyExecuted | null {
    const code = set_back ?? this.setBack(toEpochMillis(run_began_at ?? atSeconds(0)));
    return code && { code, since: toEpochSeconds(this.now()) };
  }

  /** A command that does not count is answered with the reason. Who decides is who the token says, and no one else. */
  @OnEvent('approval-service', 'approval.resolve_requested')
  async resolveRequested(command: Event<'approval.resolve_requested'>): Promise<void> {
    const { data } = command;
    const approval = await this.approvals.store.get(data.approval_id);
    if (!approval) throw new TerminalError('approval_not_found', `there is no approval "${data.approval_id}"`);
    try {
      await this.commands.once(command, (who, madeAt) => this.#decide(approval, command, who, madeAt));
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      await this.#refuse(approval, command, { reason: error.message, code: error.code });
    }
  }

  /** What does not count now must not count later: the rules, or what others decided, may be otherwise by then. */
  async #decide(
    approval: Approval,
    command: Event<'approval.resolve_requested'>,
    who: Principal,
    madeAt: EpochSeconds,
  ): Promise<void> {
    const { data } = command;
    if (await this.decisions.isRecorded(approval, data, who)) return;
    const { possibly_executed } = approval;
    // Whoever writes the message says when it was sent.
    const sentAt = Math.min(Date.parse(command.time), toEpochMillis(madeAt));
    if (possibly_executed && sentAt < toEpochMillis(possibly_executed.since))
      return this.#refuse(approval, command, { reason: sentBefore, code: 'call_changed' });
    const decided = await this.decisions.decide(approval.id, data, who, command);
    if ('ok' in decided) return;
    await this.#refuse(approval, command, { reason: decided.message, code: decided.code });
  }

  /** Who answers is who the token says. */
  @OnEvent('approval-service', 'approval.answer_requested')
  async answerRequested(command: Event<'approval.answer_requested'>): Promise<void> {
    const { approval_id, question_id, text } = command.data;
    const approval = await this.approvals.store.get(approval_id);
    if (!approval) throw new TerminalError('approval_not_found', `there is no approval "${approval_id}"`);
    try {
      await this.commands.once(command, async (who) => {
        const answered = await this.decisions.answer(approval_id, { question_id, text }, who, command);
        if (!('ok' in answered))
          await this.#refuse(approval, command, { reason: answered.message, code: answered.code });
      });
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      await this.#refuse(approval, command, { reason: error.message, code: error.code });
    }
  }

  @OnEvent('approval-service', 'approval.question_asked')
  async questionAsked(event: Event<'approval.question_asked'>): Promise<void> {
    if (this.notifier.wants('question')) await this.#notify(event, 'question');
  }

  @OnEvent('approval-service', 'approval.question_answered')
  async questionAnswered(event: Event<'approval.question_answered'>): Promise<void> {
    if (this.notifier.wants('answer')) await this.#notify(event, 'answer');
  }

  @OnEvent('approval-service', 'approval.glass_broken')
  async glassBroken(event: Event<'approval.glass_broken'>): Promise<void> {
    await this.#notify(event, 'break_glass');
  }

  #refuse(
    { id: approval_id, run_id, agent_id, tool_call_id, tool_name, traceparent, tracestate }: Approval,
    command: Event<'approval.resolve_requested'> | Event<'approval.answer_requested'>,
    why: Parameters<Refusals['publish']>[1],
  ): Promise<void> {
    const about = { approval_id, run_id, agent_id, tool_call_id, tool_name };
    return this.refusals.publish({ ...command, traceparent, tracestate }, why, about);
  }

  @OnEvent('approval-service', 'approval.created')
  async created(event: Event<'approval.created'>): Promise<void> {
    if (this.notifier.wants('pending')) await this.#notify(event, 'pending');
  }

  @OnEvent('approval-service', 'approval.reminder_due')
  async reminderDue(event: Event<'approval.reminder_due'>): Promise<void> {
    if (this.notifier.wants('reminder')) await this.#notify(event, 'reminder');
  }

  @OnEvent('approval-service', 'approval.escalated')
  async escalated(event: Event<'approval.escalated'>): Promise<void> {
    if (this.notifier.wants('escalation')) await this.#notify(event, 'escalation');
  }

  @OnEvent('approval-service', 'approval.resolved')
  async resolved(event: Event<'approval.resolved'>): Promise<void> {
    const approval = await this.#notify(event, 'resolved');
    if (approval && approval.resolved_at !== null && !event.data.repeated) this.metrics.resolved(approval);
    if (approval) await this.grants.give(approval);
  }

  @OnEvent('approval-service', 'run.completed')
  async completed(event: Event<'run.completed'>): Promise<void> {
    await this.#mustBeSigned(event);
    await this.#endAll(event);
  }

  @OnEvent('approval-service', 'run.failed')
  async failed(event: Event<'run.failed'>): Promise<void> {
    await this.#mustBeSigned(event);
    await this.#endAll(event);
    await this.#void(event);
  }

  @OnEvent('approval-service', 'run.cancelled')
  async cancelled(event: Event<'run.cancelled'>): Promise<void> {
    await this.#mustBeSigned(event);
    await this.#endAll(event);
    await this.#void(event);
  }

  /** @throws TerminalError when no runner signed it: nothing is void because of it */
  async #mustBeSigned(event: RunEnd): Promise<void> {
    const reason = await this.guard.problemWithEnd(event);
    if (reason !== undefined) throw this.#refused('run_end', { run_id: event.data.run_id, reason });
  }

  #refused(what: 'request' | 'run_end', about: Parameters<Alarms['refused']>[2]): TerminalError {
    this.alarms.refused(what, 'not_authentic', about);
    const { run_id, approval_id, reason } = about;
    const whose = approval_id === undefined ? `run ${run_id}` : `approval ${approval_id}`;
    return new TerminalError('not_authentic', `${whose}: ${reason}`);
  }

  /**
   * What is asked for after that is of a run that was tried again: whatever it waited for when it ended, it names. There is no
   * order between topics, and anybody may write the end once more.
   */
  async #endAll(event: Event<'run.completed'> | Event<'run.failed'> | Event<'run.cancelled'>): Promise<void> {
    for (const approval of await this.#ofRuns.of(event.data.run_id))
      if (approval.status !== 'pending' || approval.created_at < endedAt(event)) {
        const { state } = await this.approvals.execute(approval.id, event, { known: approval });
        if (state && this.notifier.wants('ended')) await this.#notifyOf(state, 'ended');
      }
  }

  /** The run names what it still waited for, since its request for an approval may arrive after this. */
  async #void(event: Event<'run.failed'> | Event<'run.cancelled'>): Promise<void> {
    for (const requirement of event.data.requirements) {
      const { approval_id } = requirement.tool_execution;
      if (approval_id !== null) await this.approvals.execute(approval_id, { type: 'void', event, requirement });
    }
  }

  /** @returns it, unless it was removed. */
  async #notify(event: Event, kind: NoticeKind): Promise<Approval | undefined> {
    const approval = await this.approvals.after(event);
    if (!approval || approval.deleted_at !== null) return undefined;
    await this.#notifyOf(approval, kind);
    return approval;
  }

  async #notifyOf(approval: Approval, kind: NoticeKind): Promise<void> {
    const n = approval.deleted_at === null ? dueNotice(approval, kind) : undefined;
    if (n !== undefined) await this.notifier.notify(approval, kind, n);
  }
}

const sentBefore =
  'this was sent before the call was requested again, which may have been made meanwhile: look at its target, and decide anew';
