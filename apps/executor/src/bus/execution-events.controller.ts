import type { Event } from '@countersign/contracts';
import { OnEvent } from '@countersign/service';
import { Controller, Inject } from '@nestjs/common';
import { ExecutionDispatcher } from '../dispatch/execution-dispatcher.js';
import { Previews } from '../dispatch/previews.js';

/** What arrives for executions. */
@Controller()
export class ExecutionEventsController {
  constructor(
    @Inject(ExecutionDispatcher) private readonly executor: Pick<ExecutionDispatcher, 'accept' | 'cancel' | 'takeBack'>,
    @Inject(Previews) private readonly previews: Pick<Previews, 'request'>,
  ) {}

  @OnEvent('executor', 'approval.resolved')
  async resolved(event: Event<'approval.resolved'>): Promise<void> {
    const { status, resolution_data } = event.data;
    const hasManualResult = resolution_data?.result !== undefined;
    await (status === 'approved' && !hasManualResult ? this.executor.accept(event) : this.executor.takeBack(event));
  }

  @OnEvent('executor', 'approval.preview_asked')
  async previewRequested(event: Event<'approval.preview_asked'>): Promise<void> {
    await this.previews.request(event);
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
