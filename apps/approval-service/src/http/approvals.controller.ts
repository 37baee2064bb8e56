import { actOf, RequireScopes, requireScopes, seesOnlyOwn, CurrentPrincipal, type Principal } from '@countersign/auth';
import {
  Approval,
  ApprovalCount,
  ApprovalPage,
  ApprovalStats,
  ApprovalStatsQuery,
  ApprovalStatusView,
  BreakGlassRequest,
  BulkResolveOutcome,
  BulkResolveRequest,
  CommentRequest,
  CountApprovalsQuery,
  ListApprovalsQuery,
  redactApproval,
  ResolveApprovalRequest,
} from '@countersign/contracts/approvals';
import { AnswerRequest, AskRequest } from '@countersign/contracts/questions';
import { PreviewRequest } from '@countersign/contracts/previews';
import { ReviewRequest } from '@countersign/contracts/break-glass';
import { ProblemError } from '@countersign/contracts/problems';
import type { Clock } from '@countersign/contracts/time';
import type { CommandHandler } from '@countersign/persistence';
import { Returns, ReturnsEvents, sendEvents } from '@countersign/service';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ApprovalFeed } from '../lists/approval-feed.js';
import { listApprovals } from '../lists/approval-list.js';
import { statsOf } from '../lists/approval-stats.js';
import type { ApprovalMessage, ApprovalRejection } from '../approval/messages.js';
import { Decisions, notDeleted } from '../decisions/decisions.js';
import { APPROVALS, CLOCK } from '../tokens.js';
import { answerOf, noSuchApproval, resultOf } from './decision-answer.js';

/** agno's routes, with agno's answers, and more. */
@Controller('approvals')
export class ApprovalsController {
  constructor(
    @Inject(APPROVALS) private readonly approvals: CommandHandler<Approval, ApprovalMessage, ApprovalRejection>,
    @Inject(Decisions) private readonly decisions: Decisions,
    @Inject(ApprovalFeed) private readonly feed: ApprovalFeed,
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Get()
  @RequireScopes('approvals:read')
  @Returns(200, ApprovalPage, 'Newest first, unless `sort` says otherwise.')
  async list(
    @Query({ schema: ListApprovalsQuery }) query: z.infer<typeof ListApprovalsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof ApprovalPage>> {
    const { data, meta } = await listApprovals(this.approvals.store, query, own(who));
    return { data: data.map((each) => redactApproval(each)), meta };
  }

  @Get('stats')
  @RequireScopes('approvals:read')
  @Returns(200, ApprovalStats, 'How many wait and for how long, and how the last days went.')
  stats(
    @Query({ schema: ApprovalStatsQuery }) { days }: z.infer<typeof ApprovalStatsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<ApprovalStats> {
    return statsOf(this.approvals.store, { own: own(who), days, now: this.now() });
  }

  @Get('count')
  @RequireScopes('approvals:read')
  @Returns(200, ApprovalCount, 'How many are pending.')
  async count(
    @Query({ schema: CountApprovalsQuery }) { user_id }: z.infer<typeof CountApprovalsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof ApprovalCount>> {
    const filter = { status: 'pending', user_id, ...own(who), deleted_at: null } as const;
    return { count: await this.approvals.store.count(filter) };
  }

  @Get('stream')
  @RequireScopes('approvals:read')
  @ReturnsEvents(200, 'Each approval that changes, as it is then; after Last-Event-ID, first those that changed since.')
  stream(
    @Headers('last-event-id') last: string | undefined,
    @CurrentPrincipal() who: Principal,
    @Res() reply: FastifyReply,
  ): void {
    const after = /^\d{1,12}$/.test(last ?? '') ? Number(last) : undefined;
    sendEvents(reply, this.feed.events(who, after));
  }

  @Post('resolve')
  @RequireScopes('approvals:write')
  @HttpCode(200)
  @Returns(200, BulkResolveOutcome, 'The result of each, in the order of the request. Each is decided separately.')
  async resolveMany(
    @Body({ schema: BulkResolveRequest }) { ids, digests, ...decision }: z.infer<typeof BulkResolveRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof BulkResolveOutcome>> {
    const results = [];
    for (const id of ids) {
      const outcome = await this.decisions.decide(
        id,
        { ...decision, digest: digests?.[id], isOneOfSeveral: true },
        who,
      );
      results.push(resultOf(id, outcome));
    }
    return { results };
  }

  @Get(':id')
  @RequireScopes('approvals:read')
  @Returns(200, Approval, 'The approval.')
  get(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<Approval> {
    return this.#find(id, who);
  }

  @Get(':id/status')
  @RequireScopes('approvals:read')
  @Returns(200, ApprovalStatusView, 'Where the approval stands.')
  async status(
    @Param('id') id: string,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof ApprovalStatusView>> {
    const { status, run_id, resolved_at, resolved_by } = await this.#find(id, who);
    return { approval_id: id, status, run_id, resolved_at, resolved_by };
  }

  @Post(':id/resolve')
  @RequireScopes('approvals:write')
  @HttpCode(200)
  @Returns(
    200,
    Approval,
    'The decision is stored and will be acted on. Refused: too late, or about another call than the current one (409); not authorized (403); invalid values (422).',
  )
  async resolve(
    @Param('id') id: string,
    @Body({ schema: ResolveApprovalRequest }) body: z.infer<typeof ResolveApprovalRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    return answerOf(id, await this.decisions.decide(id, body, who));
  }

  @Post(':id/comments')
  @RequireScopes('approvals:write')
  @HttpCode(201)
  @Returns(201, Approval, 'The comment is stored with the approval.')
  async comment(
    @Param('id') id: string,
    @Body({ schema: CommentRequest }) { text }: z.infer<typeof CommentRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    await this.#find(id, who);
    const comment = { id: randomUUID(), by: who.subject, text };
    const handled = await this.approvals.execute(id, { type: 'commented', comment }, { act: actOf(who) });
    if (handled.kind === 'rejected') throw new ProblemError(handled.code, handled.reason, { id });
    return handled.state!;
  }

  @Post(':id/questions')
  @RequireScopes('approvals:write')
  @HttpCode(201)
  @Returns(201, Approval, 'Those who requested the call are asked. Until they answer, nobody else approves it.')
  async ask(
    @Param('id') id: string,
    @Body({ schema: AskRequest }) { text }: z.infer<typeof AskRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    await this.#find(id, who);
    return answerOf(id, await this.decisions.ask(id, { id: randomUUID(), text }, who));
  }

  @Post(':id/questions/:question_id/answer')
  @RequireScopes('approvals:read')
  @HttpCode(200)
  @Returns(200, Approval, 'The answer is stored as the words of whoever gave it. Needs runs:write or approvals:write.')
  async answer(
    @Param('id') id: string,
    @Param('question_id') question_id: string,
    @Body({ schema: AnswerRequest }) { text }: z.infer<typeof AnswerRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    if (!who.scopes.has('approvals:write')) requireScopes(who, ['runs:write']);
    await this.#find(id, who, 'requested_by');
    return answerOf(id, await this.decisions.answer(id, { question_id, text }, who));
  }

  @Post(':id/preview')
  @RequireScopes('approvals:write')
  @HttpCode(202)
  @Returns(202, Approval, 'The executor is asked what the call would do. Until it answers, nobody approves the call.')
  async preview(
    @Param('id') id: string,
    @Body({ schema: PreviewRequest }) wanted: z.infer<typeof PreviewRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    await this.#find(id, who);
    return answerOf(id, await this.decisions.preview(id, wanted, who));
  }

  @Post(':id/break-glass')
  @RequireScopes('approvals:write')
  @HttpCode(200)
  @Returns(200, Approval, 'Approved alone, as the rules let this person in an emergency. Every channel is alarmed.')
  async breakGlass(
    @Param('id') id: string,
    @Body({ schema: BreakGlassRequest }) said: z.infer<typeof BreakGlassRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    return answerOf(id, await this.decisions.breakGlass(id, said, who));
  }

  @Post(':id/break-glass/review')
  @RequireScopes('approvals:write')
  @HttpCode(200)
  @Returns(200, Approval, 'The review of a broken glass is closed, by somebody else.')
  async review(
    @Param('id') id: string,
    @Body({ schema: ReviewRequest }) { text }: z.infer<typeof ReviewRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Approval> {
    return answerOf(id, await this.decisions.review(id, text, who));
  }

  @Delete(':id')
  @RequireScopes('approvals:delete')
  @HttpCode(204)
  @Returns(204, undefined, 'It is no longer shown. If it was pending it is cancelled, and its run notified.')
  async remove(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<void> {
    await this.#find(id, who);
    const handled = await this.approvals.execute(id, { type: 'removed' }, { act: actOf(who) });
    if (handled.kind === 'rejected') throw new ProblemError(handled.code, handled.reason, { id });
  }

  /** A record outside the principal's view answers as not found. */
  async #find(id: string, who: Principal, ...also: 'requested_by'[]): Promise<Approval> {
    const approval = notDeleted(await this.approvals.store.get(id));
    const isOwn = (['user_id', ...also] as const).some((owner) => approval?.[owner] === who.subject);
    if (!approval || (seesOnlyOwn(who) && !isOwn)) throw noSuchApproval(id);
    return approval;
  }
}

/** Whoever only requests sees what was requested for them. */
const own = (who: Principal) => (seesOnlyOwn(who) ? { user_id: who.subject } : {});
