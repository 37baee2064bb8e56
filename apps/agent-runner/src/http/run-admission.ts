import { ProblemError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Agents } from '../agents/agents.js';
import { RunQueue } from '../dispatch/queue.js';
import { RunDispatcher } from '../dispatch/run-dispatcher.js';

const busyFor = '5';

/** Which runs are begun here: those of our agents, while there is room for them. */
@Injectable()
export class RunAdmission {
  constructor(
    @Inject(Agents) private readonly agents: Pick<Agents, 'callersOf' | 'has' | 'ids'>,
    @Inject(RunDispatcher) private readonly runner: Pick<RunDispatcher, 'isFull'>,
    @Inject(RunQueue) private readonly queue: Pick<RunQueue, 'hasTooMany' | 'isTooLong'>,
  ) {}

  /** @throws ProblemError `agent_external` or `agent_not_found` */
  mustExist(agentId: string): void {
    if (this.agents.callersOf(agentId))
      throw new ProblemError(
        'agent_external',
        `Agent "${agentId}" is external, so it has no runs here. Request its calls with POST /agents/${agentId}/calls.`,
      );
    if (this.agents.has(agentId)) return;
    throw new ProblemError(
      'agent_not_found',
      `There is no agent "${agentId}". There is: ${this.agents.ids().join(', ')}.`,
    );
  }

  /** @throws ProblemError `too_many_runs`, of all or of this owner */
  async mustHaveRoom(owner: Pick<Run, 'user_id' | 'requested_by'>, reply: FastifyReply): Promise<void> {
    if (!this.runner.isFull) return;
    const hasTooMany = await this.queue.hasTooMany(owner);
    if (!hasTooMany && !(await this.queue.isTooLong())) return;
    void reply.header('retry-after', busyFor);
    throw new ProblemError(
      'too_many_runs',
      hasTooMany
        ? `Too many runs of ${owner.user_id ?? owner.requested_by} wait for a worker. Try again later; those of others are not held up.`
        : 'Too many runs wait for a worker. Try again later, or start more agent-runners.',
    );
  }
}
