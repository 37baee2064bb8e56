import { RequireScopes } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import { AgentOutput } from '@countersign/contracts/runs';
import type { Agent } from '@countersign/definitions';
import { Returns } from '@countersign/service';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { z } from 'zod';
import { Agents } from './agents.js';

@Controller('agents')
export class AgentsController {
  constructor(@Inject(Agents) private readonly agents: Agents) {}

  @Get()
  @RequireScopes('runs:read')
  @Returns(200, z.array(AgentOutput), 'The agents that runs can be started with.')
  list(): AgentOutput[] {
    return this.agents.all().map(show);
  }

  @Get(':agent_id')
  @RequireScopes('runs:read')
  @Returns(200, AgentOutput, 'The agent.')
  get(@Param('agent_id') id: string): AgentOutput {
    const agent = this.agents.get(id);
    if (!agent) throw new ProblemError('agent_not_found', this.agents.missing(id) ?? `There is no agent "${id}".`);
    return show(agent);
  }
}

const show = ({ id, name, description, model, tools, external, version }: Agent): AgentOutput => ({
  id,
  name,
  description,
  model: { name: model, model, provider: external === true ? 'external' : 'OpenAI' },
  external: external === true,
  tools: tools.map((tool) => ({
    name: tool.name,
    description: tool.description,
    approval: tool.approval,
    requires: tool.requires,
  })),
  version,
});
