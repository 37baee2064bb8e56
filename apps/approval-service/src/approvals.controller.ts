import {
  Approval,
  ApprovalCount,
  ApprovalPage,
  ApprovalStatusView,
  CountApprovalsQuery,
  ListApprovalsQuery,
  redactApproval,
  ResolveApprovalRequest,
} from '@countersign/contracts';
import type { Aggregate } from '@countersign/persistence';
import { pageOf, ProblemError, Returns } from '@countersign/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { ApprovalMessage } from './approval.js';
import { APPROVALS } from './tokens.js';
import { inputProblems } from './user-input.js';

/** agno's routes, with agno's answers. */
@Controller('approvals')
export class ApprovalsController {
  constructor(@Inject(APPROVALS) private readonly approvals: Aggregate<Approval, ApprovalMessage>) {}

  @Get()
  @Returns(200, ApprovalPage, 'Newest first, and redacted as the tools declare; one by itself is not.')
  async list(
    @Query({ schema: ListApprovalsQuery }) query: z.infer<typeof ListApprovalsQuery>,
  ): Promise<z.infer<typeof ApprovalPage>> {
    const { limit, page, ...filter } = query;
    const { data, meta } = await pageOf(this.approvals.store, {
      filter: { ...filter, deleted_at: null },
      sort: [['created_at', 'desc']],
      limit,
      page,
    });
    return { data: data.map(redactApproval), meta };
  }

  @Get('count')
  @Returns(200, ApprovalCount, 'How many are pending.')
  async count(
    @Query({ schema: CountApprovalsQuery }) { user_id }: z.infer<typeof CountApprovalsQuery>,
  ): Promise<z.infer<typeof ApprovalCount>> {
    return { count: await this.approvals.store.count({ status: 'pending', user_id, deleted_at: null }) };
  }

  @Get(':id')
  @Returns(200, Approval, 'The approval.')
  async get(@Param('id') id: string): Promise<Approval> {
    return this.#find(id);
  }

  @Get(':id/status')
  @Returns(200, ApprovalStatusView, 'Where the approval stands.')
  async status(@Param('id') id: string): Promise<z.infer<typeof ApprovalStatusView>> {
    const { status, run_id, resolved_at, resolved_by } = await this.#find(id);
    return { approval_id: id, status, run_id, resolved_at, resolved_by };
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @Returns(
    200,
    Approval,
    'The decision is stored and will be acted on. Another decision is refused with 409, values that do not fit with 422.',
  )
  async resolve(
    @Param('id') id: string,
    @Body({ schema: ResolveApprovalRequest }) body: z.infer<typeof ResolveApprovalRequest>,
  ): Promise<Approval> {
    const decided = {
      type: 'decided',
      verdict: body.status,
      by: body.resolved_by ?? null,
      resolution_data: body.resolution_data ?? null,
    } as const;
    const handled = await this.approvals.handle(id, decided);
    const approval = visible(handled.state);
    if (!approval) throw noSuchApproval(id);
    if (handled.kind === 'rejected') {
      const problems = approval.status === 'pending' ? inputProblems(approval, decided) : [];
      if (problems.length > 0)
        throw new ProblemError(422, `${handled.reason}. GET /approvals/${id} shows the fields.`, problems);
      throw new ProblemError(409, `${handled.reason}. GET /approvals/${id} shows who decided.`);
    }
    if (approval.status === 'expired')
      throw new ProblemError(409, 'already resolved: expired. The run has been told that nobody decided in time.');
    return approval;
  }

  @Delete(':id')
  @HttpCode(204)
  @Returns(204, undefined, 'It is no longer shown. One that was pending is cancelled, and its run is told.')
  async remove(@Param('id') id: string): Promise<void> {
    await this.#find(id);
    await this.approvals.handle(id, { type: 'removed' });
  }

  async #find(id: string): Promise<Approval> {
    const approval = visible(await this.approvals.store.get(id));
    if (!approval) throw noSuchApproval(id);
    return approval;
  }
}

const visible = (approval: Approval | undefined): Approval | undefined =>
  approval?.deleted_at === null ? approval : undefined;

const noSuchApproval = (id: string) =>
  new ProblemError(404, `There is no approval "${id}". GET /approvals lists them.`);
