import { RequireScopes, seesOnlyOwn, CurrentPrincipal, type Principal } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import {
  ListSessionsQuery,
  RunOutput,
  SessionOutput,
  SessionPage,
  SessionRunsQuery,
  showRun,
  type Run,
  type Session,
} from '@countersign/contracts/runs';
import type { Store } from '@countersign/persistence';
import { pageOf, Returns } from '@countersign/service';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { z } from 'zod';
import { RUNS, SESSIONS } from '../tokens.js';

const mostRuns = 1_000;

@Controller('sessions')
export class SessionsController {
  constructor(
    @Inject(SESSIONS) private readonly sessions: Store<Session>,
    @Inject(RUNS) private readonly runs: Store<Run>,
  ) {}

  @Get()
  @RequireScopes('runs:read')
  @Returns(200, SessionPage, 'A session for each conversation that has begun.')
  async list(
    @Query({ schema: ListSessionsQuery }) query: z.infer<typeof ListSessionsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<z.infer<typeof SessionPage>> {
    const { type = 'agent', component_id: agent_id, user_id, session_name, sort_by, sort_order, limit, page } = query;
    if (type !== 'agent') return { data: [], meta: { page, limit, total_pages: 0, total_count: 0 } };
    const filter = { agent_id, user_id, session_name, ...own(who) };
    const found = await pageOf(this.sessions, { filter, sort: [[sort_by, sort_order]], limit, page });
    return { ...found, data: found.data.map(show) };
  }

  @Get(':session_id')
  @RequireScopes('runs:read')
  @Returns(200, SessionOutput, 'The session.')
  async get(@Param('session_id') id: string, @CurrentPrincipal() who: Principal): Promise<SessionOutput> {
    return show(await this.#find(id, who));
  }

  @Get(':session_id/runs')
  @RequireScopes('runs:read')
  @Returns(200, z.array(RunOutput), 'Its runs, oldest first.')
  async runsOf(
    @Param('session_id') session_id: string,
    @Query({ schema: SessionRunsQuery }) query: z.infer<typeof SessionRunsQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<RunOutput[]> {
    const { type = 'agent', user_id, status, created_after: gte, created_before: lte } = query;
    if (type !== 'agent') return [];
    const created_at = { ...(gte !== undefined && { gte }), ...(lte !== undefined && { lte }) };
    const filter = {
      session_id,
      user_id,
      ...own(who),
      ...(status && { status: { in: status } }),
      ...(Object.keys(created_at).length > 0 && { created_at }),
    };
    const found = await this.runs.find({
      filter,
      sort: [
        ['created_at', 'asc'],
        ['turn', 'asc'],
      ],
      limit: mostRuns,
    });
    if (found.length === 0) await this.#find(session_id, who);
    return found.map((run) => showRun(run, { redact: true }));
  }

  /** A record outside the principal's view answers as not found. */
  async #find(id: string, who: Principal): Promise<Session> {
    const session = await this.sessions.get(id);
    const isTheirs = !seesOnlyOwn(who) || session?.user_id === who.subject;
    if (!session || !isTheirs) throw noSuchSession(id);
    return session;
  }
}

export const noSuchSession = (id: string) => new ProblemError('session_not_found', `There is no session "${id}".`);
const own = (who: Principal) => (seesOnlyOwn(who) ? { user_id: who.subject } : {});
const show = (session: Session): SessionOutput =>
  SessionOutput.parse({ ...session, session_type: 'agent', agent_session_id: session.session_id });
