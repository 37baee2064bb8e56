import type { Event } from '@countersign/contracts';
import { OnEvent } from '@countersign/service';
import { Controller, Inject } from '@nestjs/common';
import { ExecutionDispatcher } from '../dispatch/execution-dispatcher.js';

/** What arrives for executions. */
@Controller()
export class ExecutionEventsController {
  constructor(
    @Inject(ExecutionDispatcher) private readonly executor: Pick<ExecutionDispatcher, 'accept' | 'cancel' | 'takeBack'>,
  ) {}

  @OnEvent('executor', 'approval.resolved')
  async resolved(event: Event<'approval.resolved'>): Promise<void> {
    const { status, resolution_data } = event.data;
    const hasManualResult = resolution_data?.result !== undefined;
    await (status === 'approved' && !hasManualResult ? this.executor.accept(event) : this.executor.takeBack(event));
  }

  @OnEvent('executor', 'run.failed')
  async failed(event: Event<'run.failed'>): Promise<void> {
    await this.executor.cancel(event);
  }

  @OnEvent('executor', 'run.cancelled')
  async cancelled(event: Event<'run.cancelled'>): Promise<void> {
    await this.executor.cancel(event);
  }
}
