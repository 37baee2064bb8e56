import { emit, eventSource } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { Clock } from '@countersign/contracts/time';
import { encode, type Bus } from '@countersign/messaging';

/** Answers commands that did not count. The same command is answered with the same event, however often it comes. */
export class Refusals {
  constructor(
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly now: Clock,
  ) {}

  async publish(approval: Approval, command_id: string, why: { reason: string; code: string }): Promise<void> {
    const { id: approval_id, run_id, tool_call_id, tool_name, traceparent } = approval;
    const refused = emit('approval.resolve_refused', {
      run_id,
      approval_id,
      tool_call_id,
      tool_name,
      command_id,
      reason: why.reason,
      code: why.code,
    });
    await this.bus.publish([
      encode({
        ...refused,
        id: `approvals/${approval_id}/refused/${command_id}`,
        source: eventSource('approval-service'),
        time: new Date(this.now()).toISOString(),
        subject: `approvals/${approval_id}`,
        key: run_id,
        traceparent,
      }),
    ]);
  }
}
