import { TerminalError, type Approval, type Event } from '@countersign/contracts';
import { OnEvent } from '@countersign/messaging';
import type { Aggregate } from '@countersign/persistence';
import { Controller, Inject } from '@nestjs/common';
import type { ApprovalMessage } from './approval.js';
import type { Terms } from './asked.js';
import { APPROVALS, TERMS } from './tokens.js';

/** What arrives for approvals. */
@Controller()
export class ApprovalEventsController {
  constructor(
    @Inject(APPROVALS) private readonly approvals: Aggregate<Approval, ApprovalMessage>,
    @Inject(TERMS) private readonly terms: Terms,
  ) {}

  @OnEvent('approval-service', 'tool.approval_required')
  async required(event: Event<'tool.approval_required'>): Promise<void> {
    await this.approvals.handle(
      event.data.approval_id,
      { type: 'required', event, terms: this.terms },
      { creates: true },
    );
  }

  /** A command that comes twice counts once; one that comes too late goes to the dead letters. */
  @OnEvent('approval-service', 'approval.resolve_requested')
  async resolveRequested({ data }: Event<'approval.resolve_requested'>): Promise<void> {
    const handled = await this.approvals.handle(data.approval_id, {
      type: 'decided',
      verdict: data.status,
      by: data.resolved_by ?? null,
      resolution_data: data.resolution_data ?? null,
    });
    const counted = handled.state?.decisions.some(
      ({ by, verdict }) => by === (data.resolved_by ?? null) && verdict === data.status,
    );
    if (handled.kind === 'rejected' && !counted)
      throw new TerminalError(`approval ${data.approval_id}: ${handled.reason}`);
  }

  @OnEvent('approval-service', 'run.completed')
  async completed(event: Event<'run.completed'>): Promise<void> {
    await this.#tellAll(event);
  }

  @OnEvent('approval-service', 'run.failed')
  async failed(event: Event<'run.failed'>): Promise<void> {
    await this.#tellAll(event);
    await this.#void(event);
  }

  @OnEvent('approval-service', 'run.cancelled')
  async cancelled(event: Event<'run.cancelled'>): Promise<void> {
    await this.#tellAll(event);
    await this.#void(event);
  }

  async #tellAll(event: Event<'run.completed'> | Event<'run.failed'> | Event<'run.cancelled'>): Promise<void> {
    const ofRun = await this.approvals.store.find({ filter: { run_id: event.data.run_id }, sort: [], limit: 10_000 });
    for (const approval of ofRun) await this.approvals.handle(approval.id, event, { known: approval });
  }

  /** The run names what it still waited for, since its request for an approval may arrive after this. */
  async #void(event: Event<'run.failed'> | Event<'run.cancelled'>): Promise<void> {
    for (const requirement of event.data.requirements) {
      const { approval_id } = requirement.tool_execution;
      if (approval_id !== null) await this.approvals.handle(approval_id, { type: 'void', event, requirement });
    }
  }
}
