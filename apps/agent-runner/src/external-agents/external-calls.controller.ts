import {
  CurrentPrincipal,
  isOwner,
  RequireScopes,
  seesOnlyOwn,
  whileAuthorised,
  type Principal,
} from '@countersign/auth';
import { derivedId } from '@countersign/contracts';
import { ProblemError } from '@countersign/contracts/problems';
import {
  RequestedCalls,
  GetCallsQuery,
  isFinishedStatus,
  RequestCalls,
  showCalls,
  type Run,
} from '@countersign/contracts/runs';
import { millisOf } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { IdempotencyKey, Returns } from '@countersign/service';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ownersOf, traceOf, userFor } from '../http/requester.js';
import { RunWatch } from '../stream/run-watch.js';
import { RUNS } from '../tokens.js';
import { ExternalCalls } from './external-calls.js';

/** The calls of agents that run elsewhere. Each request is a run, so streams, cancelling and the rest are those of runs. */
@Controller('agents/:agent_id/calls')
export class ExternalCallsController {
  constructor(
    @Inject(ExternalCalls) private readonly calls: ExternalCalls,
    @Inject(RunWatch) private readonly watch: RunWatch,
    @Inject(RUNS) private readonly runs: Store<Run>,
  ) {}

  @Post()
  @RequireScopes('runs:write')
  @HttpCode(202)
  @Returns(
    202,
    RequestedCalls,
    'The calls are stored and wait for their decisions. With the same `Idempotency-Key` the same request finds the same calls.',
  )
  async ask(
    @Param('agent_id') agent_id: string,
    @Body({ schema: RequestCalls }) request: RequestCalls,
    @Headers('idempotency-key') key: string | undefined,
    @Req() { headers }: FastifyRequest,
    @CurrentPrincipal() who: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RequestedCalls> {
    const run_id = this.#idFor(key, agent_id, userFor(who, request.user_id), who);
    const isKeyed = key !== undefined;
    const asked = await this.calls.request({ run_id, agent_id, request, who, trace: traceOf(headers), isKeyed });
    if (!('ok' in asked)) throw new ProblemError(asked.code, asked.message, { errors: asked.errors });
    void reply.header('location', `/agents/${agent_id}/calls/${run_id}`);
    return showCalls(asked.ok);
  }

  @Get(':run_id')
  @RequireScopes('runs:read')
  @Returns(200, RequestedCalls, 'The calls; with `since`, once there is a later version or the time is up.')
  async get(
    @Param('agent_id') agentId: string,
    @Param('run_id') runId: string,
    @Query({ schema: GetCallsQuery }) { since, timeout }: z.infer<typeof GetCallsQuery>,
    @CurrentPrincipal() who: Principal,
    @Req() request: FastifyRequest,
  ): Promise<RequestedCalls> {
    const found = await this.#find(runId, agentId, who);
    if (since === undefined || isSettled(found) || found.version > since) return showCalls(found);
    const run = await whileAuthorised(request, (ended) =>
      this.watch.waitFor(runId, (each) => each.version > since || isSettled(each), millisOf(timeout), ended),
    );
    return showCalls(run ?? found);
  }

  /** A record outside the principal's view answers as not found. */
  async #find(runId: string, agentId: string, who: Principal): Promise<Run> {
    const run = await this.runs.get(runId);
    const isTheirs = run !== undefined && (!seesOnlyOwn(who) || isOwner(who, ownersOf(run)));
    if (!isTheirs || run.asked === null || run.agent_id !== agentId)
      throw new ProblemError('run_not_found', `Agent "${agentId}" has not requested calls "${runId}".`);
    return run;
  }

  #idFor(key: string | undefined, agentId: string, userId: string | null, { subject }: Principal): string {
    if (key === undefined) return randomUUID();
    if (!IdempotencyKey.safeParse(key).success)
      throw new ProblemError('idempotency_key_invalid', 'Idempotency-Key: 1 to 200 characters.');
    return derivedId('calls', agentId, userId ?? '', subject, key);
  }
}

/** Nothing more happens to them. */
const isSettled = ({ status, unsettled }: Run): boolean => isFinishedStatus(status) && !unsettled;
