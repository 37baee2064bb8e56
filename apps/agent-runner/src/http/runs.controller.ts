import {
  actOf,
  isOwner,
  Recorded,
  RequireScopes,
  seesOnlyOwn,
  whileAuthorised,
  CurrentPrincipal,
  type Principal,
} from '@countersign/auth';
import { derivedId } from '@countersign/contracts';
import { ProblemError } from '@countersign/contracts/problems';
import {
  CancelRunRequest,
  ContinueRunRequest,
  GetRunQuery,
  isFinishedStatus,
  mayRetry,
  ListRunsQuery,
  RetryRunRequest,
  RunOutput,
  RunPage,
  showRun,
  StartRunQuery,
  StartRunRequest,
  type Run,
} from '@countersign/contracts/runs';
import { millisOf } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { IdempotencyKey, AcceptsForms, pageOf, Returns, ReturnsEvents, sendEvents } from '@countersign/service';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Agents } from '../agents/agents.js';
import { isOpen, type CallerResolution } from '../run/call.js';
import { answerTo, streamed, type Answer } from './answer.js';
import { isSameRequest, ownersOf, traceOf, userFor } from './requester.js';
import { RunAdmission } from './run-admission.js';
import { resolutionsIn, type ResolutionProblem } from './resolutions.js';
import { beginning, endOf, positionOf, RunStream, type StreamOptions } from '../stream/run-stream.js';
import { hasStatus, waitsForPerson, RunWatch } from '../stream/run-watch.js';
import { RunDispatcher } from '../dispatch/run-dispatcher.js';
import { Sessions } from '../sessions/sessions.js';
import { noSuchSession } from '../sessions/sessions.controller.js';
import { RUNS } from '../tokens.js';

/** How long a request waits for a run to pause or end. */
const longestWaitMs = 600_000;
/** How long a decision may be on its way to a run. */
const newsTakesMs = 1_000;

@Controller()
export class RunsController {
  constructor(
    @Inject(RunDispatcher) private readonly runner: RunDispatcher,
    @Inject(RunWatch) private readonly watch: RunWatch,
    @Inject(RunStream) private readonly stream: RunStream,
    @Inject(Sessions) private readonly sessions: Pick<Sessions, 'admits'>,
    @Inject(RunAdmission) private readonly admission: RunAdmission,
    @Inject(RUNS) private readonly runs: Store<Run>,
    @Inject(Agents) private readonly agents: Agents,
  ) {}

  @Post('agents/:agent_id/runs')
  @RequireScopes('runs:write')
  @AcceptsForms()
  @Returns(
    202,
    RunOutput,
    'The run is stored and will be worked on, whatever happens to this process. A `session_id` of another user or agent is not found (404).',
  )
  @Returns(200, RunOutput, 'With `stream: false`: the run once it is paused or over.')
  @ReturnsEvents(200, 'With `stream`: what happens to it, until it is paused or over.')
  async start(
    @Param('agent_id') agent_id: string,
    @Query({ schema: StartRunQuery }) query: z.infer<typeof StartRunQuery>,
    @Body({ schema: StartRunRequest }) body: z.infer<typeof StartRunRequest>,
    @Headers('idempotency-key') key: string | undefined,
    @CurrentPrincipal() who: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.admission.mustExist(agent_id);
    const user_id = userFor(who, body.user_id);
    await this.admission.mustHaveRoom({ user_id, requested_by: who.subject }, reply);
    const how = query.stream ? streamed('end') : answerTo(request, body.stream);
    const run_input = (body.input ?? body.message)!;
    const run_id = key === undefined ? randomUUID() : this.#idFor(key, agent_id, user_id, who);
    const session_id = body.session_id ?? run_id;
    const requested = { run_id, agent_id, session_id, user_id, requested_by: who.subject, run_input };
    // An id that was made just now, or from a key, is that of no session yet.
    if (session_id !== run_id && !(await this.sessions.admits(requested))) throw noSuchSession(session_id);
    const handled = await this.runner.handle(
      run_id,
      {
        type: 'requested',
        run: {
          ...requested,
          is_named: key !== undefined,
          deadline_at: this.agents.deadlineFor(agent_id, body.deadline_in),
          streamed: how.kind === 'stream',
          ...traceOf(request.headers),
        },
      },
      actOf(who),
    );
    const run = handled.state!;
    if (handled.kind === 'ignored' && !isSameRequest(run, requested)) {
      const detail = 'This Idempotency-Key was used for another request. Use a new key for a new request.';
      throw new ProblemError('idempotency_key_reused', detail);
    }
    void reply.header('location', `/runs/${run_id}`);
    await this.#answer(reply, run, how, { after: beginning, accepted: 202 });
  }

  @Post('agents/:agent_id/runs/:run_id/continue')
  @RequireScopes('runs:write')
  @AcceptsForms()
  @Returns(202, RunOutput, 'What was resolved is stored, and the run goes on.')
  @Returns(200, RunOutput, 'With `stream: false`: the run once it is paused or over.')
  @ReturnsEvents(200, 'With `stream`: what happens to it, until it is paused or over.')
  async continue(
    @Param('agent_id') agentId: string,
    @Param('run_id') runId: string,
    @Body({ schema: ContinueRunRequest }) body: ContinueRunRequest,
    @CurrentPrincipal() who: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const found = await this.#findToChange(runId, who, agentId);
    if (isFinishedStatus(found.status))
      throw new ProblemError('run_over', `Run ${runId} is ${found.status}; ${whatNext(found)}.`, { id: runId });
    const { run, resolutions } = await this.#resolve(found, body);
    const handled =
      resolutions.length > 0
        ? await this.runner.handle(runId, { type: 'resolved_by_caller', resolutions }, actOf(who))
        : undefined;
    if (handled?.kind === 'rejected')
      throw new ProblemError(handled.code === 'call_not_found' ? handled.code : 'call_being_made', handled.reason, {
        id: runId,
      });
    const how = answerTo(request, body.stream);
    await this.#answer(reply, handled?.state ?? run, how, { after: endOf(run), accepted: 202 });
  }

  @Get('runs')
  @RequireScopes('runs:read')
  @Returns(200, RunPage, 'Newest first.')
  async list(
    @Query({ schema: ListRunsQuery }) query: z.infer<typeof ListRunsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof RunPage>> {
    const { limit, page, ...wanted } = query;
    const filter = { ...wanted, ...(seesOnlyOwn(who) && { user_id: who.subject }) };
    const found = await pageOf(this.runs, { filter, sort: [['created_at', 'desc']], limit, page });
    return { ...found, data: found.data.map((run) => showRun(run, { redact: true })) };
  }

  @Get('runs/:run_id')
  @RequireScopes('runs:read')
  @Returns(200, RunOutput, 'The run; with `wait_for`, once it has such a status or the time is up.')
  async get(
    @Param('run_id') runId: string,
    @Query({ schema: GetRunQuery }) { wait_for, timeout }: z.infer<typeof GetRunQuery>,
    @CurrentPrincipal() who: Principal,
    @Req() request: FastifyRequest,
  ): Promise<RunOutput> {
    const found = await this.#find(runId, who);
    if (!wait_for) return showRun(found);
    const run = await whileAuthorised(request, (ended) =>
      this.watch.waitFor(runId, hasStatus(wait_for), millisOf(timeout), ended),
    );
    if (!run) throw noSuchRun(runId);
    return showRun(run);
  }

  @Get('runs/:run_id/events')
  @RequireScopes('runs:read')
  @ReturnsEvents(200, 'What happens to the run, from its beginning or after Last-Event-ID, to its end.')
  async events(
    @Param('run_id') runId: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CurrentPrincipal() who: Principal,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const run = await this.#find(runId, who);
    if (!isFinishedStatus(run.status)) await this.runner.handle(runId, { type: 'watched' });
    this.#send(reply, runId, { after: positionOf(lastEventId), until: 'end' });
  }

  @Post('agents/:agent_id/runs/:run_id/cancel')
  @RequireScopes('runs:write')
  @HttpCode(200)
  @Returns(200, RunOutput, 'The run is cancelled, or had ended before.')
  async cancel(
    @Param('run_id') runId: string,
    @Body({ schema: CancelRunRequest.nullish() }) body: z.infer<typeof CancelRunRequest> | null | undefined,
    @CurrentPrincipal() who: Principal,
  ): Promise<RunOutput> {
    await this.#findToChange(runId, who);
    const handled = await this.runner.handle(
      runId,
      { type: 'cancel_requested', reason: body?.reason ?? null },
      actOf(who),
    );
    if (!handled.state) throw noSuchRun(runId);
    return showRun(handled.state);
  }

  @Post('runs/:run_id/retry')
  @Recorded()
  @RequireScopes('runs:write')
  @HttpCode(202)
  @Returns(
    202,
    RunOutput,
    'The run that ended in ERROR goes on from its last step; one that waits for its model is tried now. 409 while one of its approved calls is not settled.',
  )
  async retry(
    @Param('run_id') runId: string,
    @Body({ schema: RetryRunRequest.nullish() }) body: z.infer<typeof RetryRunRequest> | null | undefined,
    @CurrentPrincipal() who: Principal,
  ): Promise<RunOutput> {
    const found = await this.#findToChange(runId, who);
    const deadline_at = this.agents.deadlineFor(found.agent_id, body?.deadline_in);
    const handled = await this.runner.handle(runId, { type: 'retry_requested', deadline_at }, actOf(who));
    if (!handled.state) throw noSuchRun(runId);
    if (handled.kind !== 'rejected') return showRun(handled.state);
    if (handled.code === 'run_over')
      throw new ProblemError('run_over', `Run ${runId}: ${handled.reason}; start a new one.`, { id: runId });
    const unknown = handled.state.calls.find((call) => call.unknown !== null && isOpen(call));
    const code = unknown ? 'outcome_unknown' : 'call_being_made';
    throw new ProblemError(code, `Run ${runId}: ${handled.reason}.`, { id: unknown?.id ?? runId });
  }

  async #answer(
    reply: FastifyReply,
    run: Run,
    how: Answer,
    { after, accepted }: { after: StreamOptions['after']; accepted: number },
  ): Promise<void> {
    const runId = run.run_id;
    if (how.kind === 'at_once') return void reply.status(accepted).send(showRun(run));
    if (how.kind === 'stream') return this.#send(reply, runId, { after, until: how.until });
    const finished = await whileAuthorised(reply.request, (ended) =>
      this.watch.waitFor(runId, waitsForPerson, longestWaitMs, ended),
    );
    void reply.status(200).send(showRun(finished ?? run));
  }

  #send(reply: FastifyReply, runId: string, options: StreamOptions): void {
    sendEvents(reply, this.stream.events(runId, options));
  }

  /** A client that continues a run right after its approval may arrive before the event does. */
  async #resolve(run: Run, body: ContinueRunRequest): Promise<{ run: Run; resolutions: CallerResolution[] }> {
    const found = resolutionsIn(run, body);
    if ('ok' in found) return { run, resolutions: found.ok };
    if (found.code !== 'approval_required') throw refused(found);
    const later = await this.watch.waitFor(run.run_id, ({ version }) => version > run.version, newsTakesMs);
    const stillInvalid = resolutionsIn(later ?? run, body);
    if ('ok' in stillInvalid) return { run: later ?? run, resolutions: stillInvalid.ok };
    throw refused(stillInvalid);
  }

  /** A record outside the principal's view answers as not found. */
  async #find(runId: string, who: Principal, agentId?: string): Promise<Run> {
    const run = await this.runs.get(runId);
    if (!run || (agentId !== undefined && run.agent_id !== agentId)) throw noSuchRun(runId);
    if (seesOnlyOwn(who) && !isOwner(who, ownersOf(run))) throw noSuchRun(runId);
    return run;
  }

  /** A run is continued, answered and cancelled by its owners, however many others may see it. */
  async #findToChange(runId: string, who: Principal, agentId?: string): Promise<Run> {
    const run = await this.#find(runId, who, agentId);
    if (!isOwner(who, ownersOf(run))) throw noSuchRun(runId);
    return run;
  }

  #idFor(key: string, agentId: string, userId: string | null, { subject }: Principal): string {
    if (!IdempotencyKey.safeParse(key).success)
      throw new ProblemError('idempotency_key_invalid', 'Idempotency-Key: 1 to 200 characters.');
    return derivedId('run', agentId, userId ?? '', subject, key);
  }
}

const whatNext = ({ status, error_code }: Run): string =>
  status === 'ERROR' && mayRetry(error_code) ? 'have it tried again, or start a new one' : 'start a new one';

const noSuchRun = (runId: string) => new ProblemError('run_not_found', `There is no run "${runId}".`);
const refused = ({ code, message, id, errors }: ResolutionProblem) => new ProblemError(code, message, { id, errors });
