import { Needs, seesOnlyOwn, Who, type Principal } from '@countersign/auth';
import {
  Execution,
  ExecutionPage,
  ListExecutionsQuery,
  redactExecution,
  SettleExecutionRequest,
} from '@countersign/contracts';
import type { Aggregate } from '@countersign/persistence';
import { pageOf, ProblemError, Returns } from '@countersign/service';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import type { ExecutionMessage } from './execution.js';
import { EXECUTIONS } from './tokens.js';

@Controller('executions')
export class ExecutionsController {
  constructor(@Inject(EXECUTIONS) private readonly executions: Aggregate<Execution, ExecutionMessage>) {}

  @Get()
  @Needs('executions:read')
  @Returns(200, ExecutionPage, 'Newest first.')
  async list(
    @Query({ schema: ListExecutionsQuery }) query: z.infer<typeof ListExecutionsQuery>,
    @Who() who: Principal,
  ): Promise<z.infer<typeof ExecutionPage>> {
    const { limit, page, ...given } = query;
    const filter = { ...given, ...(seesOnlyOwn(who) && { requester: who.subject }) };
    const found = await pageOf(this.executions.store, { filter, sort: [['created_at', 'desc']], limit, page });
    return { ...found, data: found.data.map(redactExecution) };
  }

  @Get(':id')
  @Needs('executions:read')
  @Returns(200, Execution, 'The execution; its id is the approval’s.')
  async get(@Param('id') id: string, @Who() who: Principal): Promise<Execution> {
    const execution = await this.executions.store.get(id);
    const isTheirs = !seesOnlyOwn(who) || execution?.requester === who.subject;
    if (!execution || !isTheirs) throw noSuchExecution(id);
    return execution;
  }

  @Post(':id/resolve-unknown')
  @Needs('executions:write')
  @HttpCode(200)
  @Returns(200, Execution, 'The outcome that a person found out is stored, and the run goes on with it.')
  async settle(
    @Param('id') id: string,
    @Body({ schema: SettleExecutionRequest }) { outcome, note }: z.infer<typeof SettleExecutionRequest>,
  ): Promise<Execution> {
    const handled = await this.executions.handle(id, { type: 'settled', outcome, note });
    if (!handled.state) throw noSuchExecution(id);
    if (handled.kind === 'rejected')
      throw new ProblemError(409, `Only an unknown outcome can be settled; ${handled.reason}.`);
    return handled.state;
  }
}

const noSuchExecution = (id: string) =>
  new ProblemError(404, `There is no execution "${id}". GET /executions lists them.`);
