import type { Event } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { TerminalError } from '@countersign/contracts/problems';
import type { CommandHandler } from '@countersign/persistence';
import { OnEvent, type Alarms } from '@countersign/service';
import { PreviewGuard } from '@countersign/signing/previews';
import { Controller, Inject } from '@nestjs/common';
import type { ApprovalMessage, ApprovalRejection } from '../approval/messages.js';
import { ALARMS, APPROVALS } from '../tokens.js';

/** What executors show of calls that wait for a decision. */
@Controller()
export class PreviewEventsController {
  constructor(
    @Inject(APPROVALS) private readonly approvals: CommandHandler<Approval, ApprovalMessage, ApprovalRejection>,
    @Inject(PreviewGuard) private readonly guard: Pick<PreviewGuard, 'problemWith'>,
    @Inject(ALARMS) private readonly alarms: Alarms,
  ) {}

  @OnEvent('approval-service', 'tool.previewed')
  async previewed(event: Event<'tool.previewed'>): Promise<void> {
    const { approval_id, run_id, tool_name } = event.data;
    const reason = await this.guard.problemWith(event.data);
    if (reason !== undefined) {
      this.alarms.refused('result', 'not_authentic', { approval_id, run_id, tool_name, reason });
      throw new TerminalError('not_authentic', `preview of approval ${approval_id}: ${reason}`);
    }
    const handled = await this.approvals.execute(approval_id, event);
    if (handled.kind === 'rejected')
      throw new TerminalError(handled.code, `preview of approval ${approval_id}: ${handled.reason}`);
  }
}
