import { Recorded, RequireScopes, isOwner, seesOnlyOwn, CurrentPrincipal, type Principal } from '@countersign/auth';
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
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { ownersOf } from '../http/requester.js';
import { RUNS, SESSIONS } from '../tokens.js';
import { Sessions } from './sessions.js';

const mostRuns = 1_000;
/** agno's client says so of one session as well. */
const SessionQuery = SessionRunsQuery.pick({ type: true, user_id: true });
const RenameSessionRequest = z.object({ session_name: z.string().trim().min(1).max(100) });

@Controller('sessions')
export class SessionsController {
  constructor(
    @Inject(SESSIONS) private readonly sessions: Store<Session>,
    @Inject(RUNS) private readonly runs: Store<Run>,
    @Inject(Sessions) private readonly turns: Pick<Sessions, 'rename'>,
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
  async get(
    @Param('session_id') id: string,
    @Query({ schema: SessionQuery }) query: z.infer<typeof SessionQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<SessionOutput> {
    return show(await this.#find(id, query, who));
  }

  /** Like a run, a session is changed by its owners, however many others may see it. */
  @Post(':session_id/rename')
  @Recorded()
  @RequireScopes('runs:write')
  @HttpCode(200)
  @Returns(200, SessionOutput, 'The session, by its new name.')
  async rename(
    @Param('session_id') id: string,
    @Query({ schema: SessionQuery }) query: z.infer<typeof SessionQuery>,
    @Body({ schema: RenameSessionRequest }) { session_name }: z.infer<typeof RenameSessionRequest>,
    @CurrentPrincipal() who: Principal,
  ): Promise<SessionOutput> {
    const session = await this.#find(id, query, who);
    if (!isOwner(who, ownersOf(session))) throw noSuchSession(id);
    const renamed = await this.turns.rename(id, session_name);
    if (!renamed) throw noSuchSession(id);
    return show(renamed);
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
    if (found.length === 0) await this.#find(session_id, {}, who);
    return found.map((run) => showRun(run, { redact: true }));
  }

  @Get(':session_id/runs/:run_id')
  @RequireScopes('runs:read')
  @Returns(200, RunOutput, 'One of its runs.')
  async runOf(
    @Param('session_id') session_id: string,
    @Param('run_id') run_id: string,
    @Query({ schema: SessionQuery }) { type = 'agent', user_id }: z.infer<typeof SessionQuery>,
    @CurrentPrincipal() who: Principal,
  ): Promise<RunOutput> {
    const filter = { run_id, session_id, user_id, ...own(who) };
    const [run] = type === 'agent' ? await this.runs.find({ filter, sort: [], limit: 1 }) : [];
    if (!run) throw new ProblemError('run_not_found', `There is no run "${run_id}" in the session "${session_id}".`);
    return showRun(run, { redact: true });
  }

  /** A record outside the principal's view answers as not found. */
  async #find(id: string, { type = 'agent', user_id }: z.infer<typeof SessionQuery>, who: Principal): Promise<Session> {
    const session = await this.sessions.get(id);
    const isTheirs = !seesOnlyOwn(who) || session?.user_id === who.subject;
    const isMeant = type === 'agent' && (user_id === undefined || session?.user_id === user_id);
    if (!session || !isTheirs || !isMeant) throw noSuchSession(id);
    return session;
  }
}

export const noSuchSession = (id: string) => new ProblemError('session_not_found', `There is no session "${id}".`);
const own = (who: Principal) => (seesOnlyOwn(who) ? { user_id: who.subject } : {});
const show = (session: Session): SessionOutput =>
  SessionOutput.parse({ ...session, session_type: 'agent', agent_session_id: session.session_id });
