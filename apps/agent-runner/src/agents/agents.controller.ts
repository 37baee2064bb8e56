import { RequireScopes } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import { AgentDetail, AgentOutput } from '@countersign/contracts/runs';
import type { Agent } from '@countersign/definitions';
import { Returns } from '@countersign/service';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { z } from 'zod';
import { Agents } from './agents.js';

const none = z.array(z.unknown()).length(0);

/** What there is here, in agno's shape: agents, and no team, workflow or interface. */
const SystemOutput = z
  .object({
    os_id: z.literal('countersign'),
    name: z.literal('Countersign'),
    databases: z.array(z.string()).length(0),
    available_models: z.array(z.object({ id: z.string(), provider: z.string() })),
    agents: z.array(AgentOutput),
    teams: none,
    workflows: none,
    interfaces: none,
  })
  .meta({ id: 'System' });
type SystemOutput = z.infer<typeof SystemOutput>;

@Controller()
export class AgentsController {
  constructor(@Inject(Agents) private readonly agents: Agents) {}

  @Get('agents')
  @RequireScopes('runs:read')
  @Returns(200, z.array(AgentOutput), 'The agents that runs can be started with.')
  list(): AgentOutput[] {
    return this.agents.all().map(show);
  }

  @Get('agents/:agent_id')
  @RequireScopes('runs:read')
  @Returns(200, AgentDetail, 'The agent.')
  get(@Param('agent_id') id: string): AgentDetail {
    const agent = this.agents.get(id);
    if (!agent) throw new ProblemError('agent_not_found', this.agents.missing(id) ?? `There is no agent "${id}".`);
    const { tools, ...shown } = show(agent);
    return { ...shown, tools: { tools } };
  }

  @Get('config')
  @RequireScopes('runs:read')
  @Returns(200, SystemOutput, 'What there is here, for clients of AgentOS.')
  config(): SystemOutput {
    const agents = this.list();
    const models = new Map(agents.map(({ model: { model: id, provider } }) => [`${provider} ${id}`, { id, provider }]));
    return {
      os_id: 'countersign',
      name: 'Countersign',
      databases: [],
      available_models: [...models.values()].filter(({ provider }) => provider !== 'external'),
      agents,
      teams: [],
      workflows: [],
      interfaces: [],
    };
  }

  @Get('teams')
  @RequireScopes('runs:read')
  @Returns(200, none, 'None: there are agents only.')
  teams(): never[] {
    return [];
  }

  @Get('workflows')
  @RequireScopes('runs:read')
  @Returns(200, none, 'None: there are agents only.')
  workflows(): never[] {
    return [];
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
