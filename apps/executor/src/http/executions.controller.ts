import { actOf, RequireScopes, seesOnlyOwn, CurrentPrincipal, type Principal } from '@countersign/auth';
import {
  CancelExecutionRequest,
  ClaimExecutionRequest,
  Execution,
  ExecutionOutput,
  ExecutionOutputQuery,
  ExecutionPage,
  ListExecutionsQuery,
  redactExecution,
  ReportExecutionRequest,
  ReportOutcomeRequest,
  RetryExecutionRequest,
  ResolveUnknownRequest,
} from '@countersign/contracts/executions';
import { ProblemError } from '@countersign/contracts/problems';
import { pageOf, Returns } from '@countersign/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { z } from 'zod';
import { AwaitedDecisions } from '../dispatch/awaited-decisions.js';
import { CallerClaims } from '../dispatch/caller-claims.js';
import type { ExecutionMessage } from '../execution/messages.js';
import { Executions } from '../execution/executions.js';
import { Outputs } from '../results/outputs.js';
import { Switches } from '../kill-switch/switches.js';

@Controller('executions')
export class ExecutionsController {
  readonly #decisions: AwaitedDecisions;

  constructor(
    @Inject(Executions) private readonly executions: Executions,
    @Inject(Outputs) private readonly outputs: Outputs,
    @Inject(Switches) private readonly switches: Switches,
    @Inject(CallerClaims) private readonly claims: CallerClaims,
  ) {
    this.#decisions = new AwaitedDecisions(executions.store, most);
  }

  @Get()
  @RequireScopes('executions:read')
  @Returns(200, ExecutionPage, 'Newest first.')
  async list(
    @Query({ schema: ListExecutionsQuery }) query: z.infer<typeof ListExecutionsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof ExecutionPage>> {
    const { limit, page, run_ids, ...wanted } = query;
    const filter = {
      ...wanted,
      ...(run_ids && { run_id: { in: run_ids } }),
      ...(seesOnlyOwn(who) && { requester: who.subject }),
    };
    const found = await pageOf(this.executions.store, { filter, sort: [['created_at', 'desc']], limit, page });
    const paused = await this.switches.paused();
    return { ...found, data: found.data.map((each) => redactExecution(paused.show(each))) };
  }

  @Get(':id')
  @RequireScopes('executions:read')
  @Returns(200, Execution, 'The execution; its id is the approval’s.')
  async get(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<Execution> {
    const [execution, paused] = await Promise.all([this.#find(id, who), this.switches.paused()]);
    return paused.show(execution);
  }

  @Get(':id/output')
  @RequireScopes('executions:read')
  @Returns(200, ExecutionOutput, 'What the call has printed so far, in one attempt.')
  async output(
    @Param('id') id: string,
    @Query({ schema: ExecutionOutputQuery }) { attempt }: z.infer<typeof ExecutionOutputQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<ExecutionOutput> {
    const execution = await this.#find(id, who);
    return this.outputs.read(execution, attempt ?? execution.attempts.length);
  }

  @Post(':id/resolve-unknown')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(200, Execution, 'The outcome that a person found out is stored, and the run goes on with it.')
  resolveUnknown(
    @Param('id') id: string,
    @Body({ schema: ResolveUnknownRequest }) body: z.infer<typeof ResolveUnknownRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Execution> {
    return this.#execute(
      id,
      { type: 'settled', by: who.subject, ...body },
      who,
      'Only an unknown outcome can be settled',
    );
  }

  @Post(':id/retry')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(
    200,
    Execution,
    'The call is started again. One whose tool promises at most one start needs `even_if_done` (422 without).',
  )
  retry(
    @Param('id') id: string,
    @Body({ schema: RetryExecutionRequest }) body: z.infer<typeof RetryExecutionRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Execution> {
    return this.#execute(id, { type: 'retried', by: who.subject, ...body }, who, 'It cannot be started again');
  }

  @Post(':id/report')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(200, Execution, 'What came of a call that a person made is stored, and the run goes on with it.')
  report(
    @Param('id') id: string,
    @Body({ schema: ReportExecutionRequest }) body: z.infer<typeof ReportExecutionRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Execution> {
    return this.#execute(
      id,
      { type: 'reported', by: who.subject, ...body },
      who,
      'Only a call that a person makes is reported',
    );
  }

  @Post(':id/claim')
  @RequireScopes('runs:write')
  @HttpCode(200)
  @Returns(
    200,
    Execution,
    'The external agent that requested the call claims it: `decision` is the signed decision on exactly `tool_args`, `lease` is when the claim expires unless it is extended.',
  )
  async claim(
    @Param('id') id: string,
    @Body({ schema: ClaimExecutionRequest }) body: ClaimExecutionRequest,
    @CurrentPrincipal() who: Principal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Execution> {
    await this.#decisions.isKnown(id);
    return answerOf(id, await this.claims.claim(id, body, who.subject, actOf(who)), reply);
  }

  @Post(':id/extend')
  @RequireScopes('runs:write')
  @HttpCode(200)
  @Returns(
    200,
    Execution,
    'The lease of the claim is extended. `cancel` says whether a person has requested to stop the call.',
  )
  async extend(
    @Param('id') id: string,
    @Body({ schema: ClaimExecutionRequest }) body: ClaimExecutionRequest,
    @CurrentPrincipal() who: Principal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Execution> {
    return answerOf(id, await this.claims.extend(id, body, who.subject), reply);
  }

  @Post(':id/outcome')
  @RequireScopes('runs:write')
  @HttpCode(200)
  @Returns(200, Execution, 'What came of the call is stored. The same report counts once.')
  async outcome(
    @Param('id') id: string,
    @Body({ schema: ReportOutcomeRequest }) body: ReportOutcomeRequest,
    @CurrentPrincipal() who: Principal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Execution> {
    return answerOf(id, await this.claims.report(id, body, who.subject, actOf(who)), reply);
  }

  @Post(':id/cancel')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(200, Execution, 'One that has not begun is cancelled; a worker that makes the call is requested to stop.')
  cancel(
    @Param('id') id: string,
    @Body({ schema: CancelExecutionRequest }) { reason }: z.infer<typeof CancelExecutionRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<Execution> {
    return this.#execute(id, { type: 'cancel_requested', by: who.subject, reason }, who, 'It cannot be cancelled');
  }

  /** @throws ProblemError when there is none, it is too late, or the request is incomplete. */
  async #execute(id: string, message: ExecutionMessage, who: Principal, refusal: string): Promise<Execution> {
    const handled = await this.executions.handle(id, message, { act: actOf(who) });
    if (!handled.state) throw noSuchExecution(id);
    if (handled.kind !== 'rejected') return handled.state;
    const code = handled.code === 'lease_lost' ? 'wrong_execution_state' : handled.code;
    throw new ProblemError(code, `${refusal}: ${handled.reason}.`, { id });
  }

  /** A record outside the principal's view answers as not found. */
  async #find(id: string, who: Principal): Promise<Execution> {
    const execution = await this.executions.store.get(id);
    const isTheirs = !seesOnlyOwn(who) || execution?.requester === who.subject;
    if (!execution || !isTheirs) throw noSuchExecution(id);
    return execution;
  }
}

/** Claims that wait for their decision, which may reach the runner and its caller sooner: 0.6 s. */
const most = { waiting: 100, looks: 6 };

/** What of an answer is set here. */
interface Reply {
  header(name: string, value: string): unknown;
}

function answerOf(id: string, outcome: Awaited<ReturnType<CallerClaims['claim']>>, reply: Reply): Execution {
  if ('ok' in outcome) return outcome.ok;
  if (outcome.retry_after !== undefined) void reply.header('retry-after', String(outcome.retry_after));
  throw new ProblemError(outcome.code, outcome.message, { id });
}

const noSuchExecution = (id: string) => new ProblemError('execution_not_found', `There is no execution "${id}".`);
