import { CurrentPrincipal, RequireScopes, whileAuthorised, type Principal } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { answerMcp } from '@countersign/mcp';
import type { Millis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { Returns } from '@countersign/service';
import { Body, Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { Agents } from '../agents/agents.js';
import { RunWatch } from '../stream/run-watch.js';
import { MCP_WAIT_MS, RUNS } from '../tokens.js';
import { ExternalCalls } from './external-calls.js';
import { mcpOffer } from './mcp-offer.js';

const Message = z.unknown();

/** The Model Context Protocol over Streamable HTTP, without sessions: calls are stored, and requests are not. */
@Controller('mcp')
export class McpController {
  constructor(
    @Inject(Agents) private readonly agents: Agents,
    @Inject(ExternalCalls) private readonly calls: ExternalCalls,
    @Inject(RunWatch) private readonly watch: RunWatch,
    @Inject(RUNS) private readonly runs: Store<Run>,
    @Inject(MCP_WAIT_MS) private readonly waitMs: Millis,
  ) {}

  @Post(':agent_id')
  @RequireScopes('runs:write')
  @Returns(200, Message, 'A message of the Model Context Protocol, or a stream of them.')
  async answer(
    @Param('agent_id') agentId: string,
    @Body({ schema: Message }) body: unknown,
    @CurrentPrincipal() who: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const agent = this.agents.get(agentId);
    const callers = this.agents.callersOf(agentId);
    if (!agent || !callers) throw new ProblemError('agent_not_found', `There is no external agent "${agentId}".`);
    if (!callers.includes(who.subject))
      throw new ProblemError(
        'caller_not_declared',
        `${who.subject} is not named under "callers" of agent "${agentId}".`,
      );
    const { calls, runs, watch, waitMs } = this;
    const isMadeByCaller = (tool: string) => this.agents.isMadeByCaller(tool);
    await whileAuthorised(request, async (ended) => {
      const headers = new Headers();
      for (const name of ['accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name'])
        if (typeof request.headers[name] === 'string') headers.set(name, request.headers[name]);
      const asked = new Request('http://countersign/mcp', { method: 'POST', headers, signal: ended });
      const offer = mcpOffer(agent, who, { calls, runs, watch, isMadeByCaller, waitMs });
      const response = await answerMcp(offer, asked, body);
      void reply.status(response.status).headers(Object.fromEntries(response.headers));
      // What is still to come ends with the credential.
      ended.addEventListener('abort', () => reply.raw.destroy(), { once: true });
      const closed = once(reply.raw, 'close');
      void reply.send(response.body ? Readable.fromWeb(response.body as ReadableStream) : null);
      await closed;
    });
  }
}
