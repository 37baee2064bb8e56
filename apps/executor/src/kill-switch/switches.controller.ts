import { actOf, RequireScopes, CurrentPrincipal, type Principal } from '@countersign/auth';
import { PauseRequest, ResumeRequest, Switches as SwitchList } from '@countersign/contracts/executions';
import { ProblemError } from '@countersign/contracts/problems';
import type { Clock } from '@countersign/contracts/time';
import { Returns } from '@countersign/service';
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { Switches } from './switches.js';
import { CLOCK } from '../tokens.js';

/** The kill switches; approved calls wait meanwhile, and none is lost. */
@Controller('executions')
export class SwitchesController {
  constructor(
    @Inject(Switches) private readonly switches: Switches,
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Get('switches')
  @RequireScopes('executions:read')
  @Returns(200, SwitchList, 'What is paused, and what was.')
  list(): Promise<z.infer<typeof SwitchList>> {
    return this.#all();
  }

  @Post('pause')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(200, SwitchList, 'No call of the tool is started from now on (null: of any tool). What runs is let run.')
  async pause(
    @Body({ schema: PauseRequest }) body: z.infer<typeof PauseRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof SwitchList>> {
    await this.#mustExist(body.tool_name);
    await this.switches.turn({ type: 'paused', by: who.subject, at: this.now(), ...body }, actOf(who));
    return this.#all();
  }

  @Post('resume')
  @RequireScopes('executions:write')
  @HttpCode(200)
  @Returns(200, SwitchList, 'What has waited is started now, unless another switch still holds it.')
  async resume(
    @Body({ schema: ResumeRequest }) { tool_name }: z.infer<typeof ResumeRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof SwitchList>> {
    await this.#mustExist(tool_name);
    await this.switches.turn({ type: 'resumed', by: who.subject, at: this.now(), tool_name }, actOf(who));
    return this.#all();
  }

  async #mustExist(tool_name: string | null): Promise<void> {
    const problem = await this.switches.problemWith(tool_name);
    if (problem === undefined) return;
    throw new ProblemError('tool_not_executed_here', problem, { errors: [{ path: 'tool_name', message: problem }] });
  }

  async #all(): Promise<z.infer<typeof SwitchList>> {
    return { data: await this.switches.list() };
  }
}
