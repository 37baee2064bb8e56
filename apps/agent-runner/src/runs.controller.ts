import {
  CancelRunRequest,
  derivedId,
  GetRunQuery,
  ListRunsQuery,
  RunOutput,
  RunPage,
  StartRunRequest,
  type Run,
} from '@countersign/contracts';
import type { Store } from '@countersign/persistence';
import { pageOf, ProblemError, Returns } from '@countersign/service';
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Agent } from './agent.js';
import { RunWatch } from './run-watch.js';
import { Runner } from './runner.js';
import { AGENTS, RUNS } from './tokens.js';

const IdempotencyKey = z.string().min(1).max(200);

@Controller()
export class RunsController {
  constructor(
    @Inject(Runner) private readonly runner: Runner,
    @Inject(RunWatch) private readonly watch: RunWatch,
    @Inject(RUNS) private readonly runs: Store<Run>,
    @Inject(AGENTS) private readonly agents: ReadonlyMap<string, Agent>,
  ) {}

  @Post('agents/:agent_id/runs')
  @HttpCode(202)
  @Returns(202, RunOutput, 'The run is stored and will be worked on, whatever happens to this process.')
  async start(
    @Param('agent_id') agent_id: string,
    @Body({ schema: StartRunRequest }) body: z.infer<typeof StartRunRequest>,
    @Headers('idempotency-key') key: string | undefined,
    @Headers('traceparent') traceparent: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RunOutput> {
    this.#mustExist(agent_id);
    const { input, session_id } = body;
    const user_id = body.user_id ?? null;
    const run_id = key === undefined ? randomUUID() : this.#idFor(agent_id, user_id, key);
    const handled = await this.runner.handle(run_id, {
      type: 'requested',
      run: { run_id, agent_id, session_id: session_id ?? run_id, user_id, input, traceparent: traceOf(traceparent) },
    });
    const run = handled.state!;
    if (handled.kind === 'ignored' && run.input !== input) {
      throw new ProblemError(
        422,
        'This Idempotency-Key was used for another request. Use a new key for a new request.',
      );
    }
    void reply.header('location', `/runs/${run_id}`);
    return show(run);
  }

  @Get('runs')
  @Returns(200, RunPage, 'Newest first.')
  async list(@Query({ schema: ListRunsQuery }) query: z.infer<typeof ListRunsQuery>): Promise<z.infer<typeof RunPage>> {
    const { limit, page, ...filter } = query;
    const found = await pageOf(this.runs, { filter, sort: [['created_at', 'desc']], limit, page });
    return { ...found, data: found.data.map(show) };
  }

  @Get('runs/:run_id')
  @Returns(200, RunOutput, 'The run; with `wait_for`, once it has such a status or the time is up.')
  async get(
    @Param('run_id') runId: string,
    @Query({ schema: GetRunQuery }) { wait_for, timeout }: z.infer<typeof GetRunQuery>,
  ): Promise<RunOutput> {
    const run = wait_for ? await this.watch.waitFor(runId, wait_for, timeout * 1000) : await this.runs.get(runId);
    if (!run) throw noSuchRun(runId);
    return show(run);
  }

  @Post('agents/:agent_id/runs/:run_id/cancel')
  @HttpCode(200)
  @Returns(200, RunOutput, 'The run is cancelled, or had ended before.')
  async cancel(
    @Param('run_id') runId: string,
    @Body({ schema: CancelRunRequest.nullish() }) body: z.infer<typeof CancelRunRequest> | null | undefined,
  ): Promise<RunOutput> {
    const handled = await this.runner.handle(runId, { type: 'cancel_requested', reason: body?.reason ?? null });
    if (!handled.state) throw noSuchRun(runId);
    this.runner.abort(runId);
    return show(handled.state);
  }

  #mustExist(agentId: string): void {
    if (this.agents.has(agentId)) return;
    throw new ProblemError(404, `There is no agent "${agentId}". There is: ${[...this.agents.keys()].join(', ')}.`);
  }

  #idFor(agentId: string, userId: string | null, key: string): string {
    if (!IdempotencyKey.safeParse(key).success) throw new ProblemError(400, 'Idempotency-Key: 1 to 200 characters.');
    return derivedId('run', agentId, userId ?? '', key);
  }
}

const show = (run: Run): RunOutput => RunOutput.parse(run);
const traceOf = (header: string | undefined): string | null =>
  RunOutput.shape.traceparent.safeParse(header).data ?? null;
const noSuchRun = (runId: string) => new ProblemError(404, `There is no run "${runId}". GET /runs lists them.`);
