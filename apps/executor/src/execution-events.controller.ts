import type { Event } from '@countersign/contracts';
import { OnEvent } from '@countersign/messaging';
import { Controller, Inject } from '@nestjs/common';
import { Executor } from './executor.js';

/** What arrives for executions. */
@Controller()
export class ExecutionEventsController {
  constructor(@Inject(Executor) private readonly executor: Executor) {}

  @OnEvent('executor', 'approval.resolved')
  async resolved(event: Event<'approval.resolved'>): Promise<void> {
    const { status, pause_type, resolution_data } = event.data;
    const doneByHand = resolution_data?.result !== undefined;
    if (status === 'approved' && pause_type === 'external_execution' && !doneByHand) await this.executor.accept(event);
  }
}
