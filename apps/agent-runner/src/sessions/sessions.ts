import { isMadeHere, type Log } from '@countersign/contracts';
import { isFinishedStatus, type ConversationItem, type Run, type Session } from '@countersign/contracts/runs';
import type { Agent } from '@countersign/definitions';
import type { CommandHandler, Store } from '@countersign/persistence';
import { historyOf } from './history.js';
import { isOwn, type SessionMessage, type SessionRun, type SessionRejection } from './session.js';

export interface SessionsOptions {
  sessions: CommandHandler<Session, SessionMessage, SessionRejection>;
  runs: Store<Run>;
  /** Tells a run that its turn has come. */
  wake(runId: string): Promise<unknown>;
  log: Log;
}

/** Earlier runs that are looked at for the history of a session. */
const lookBack = 50;
/** Lets the runs of a session work one after another, and gives each the history before it. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * Makes a run one of the session that it names, before there is a record of it: the first one owns the session.
   *
   * @returns whether it may be.
   */
  async admits(run: SessionRun): Promise<boolean> {
    const { sessions } = this.#options;
    if (!(await this.#mayName(run))) return false;
    const joined = await sessions.execute(run.session_id, { type: 'joined', run });
    return joined.kind !== 'rejected';
  }

  /**
   * A session that there is says itself whose it is, whatever runs are called. Of one that there is not yet, a run of its
   * name says so; an id of the form that is made here may become that of a run of another user.
   */
  async #mayName(run: SessionRun): Promise<boolean> {
    const { run_id, session_id } = run;
    if (session_id === run_id || (await this.#options.sessions.store.get(session_id))) return true;
    const first = await this.#options.runs.get(session_id);
    return first ? isOwn(first, run) : !isMadeHere(session_id);
  }

  /**
   * @returns the run's place in its session once it is its turn; undefined while another run has not ended; `refused` when
   * the session belongs to another user.
   */
  async turnOf(run: Run): Promise<number | 'refused' | undefined> {
    for (;;) {
      const { state: session, ...handled } = await this.#options.sessions.execute(
        run.session_id,
        { type: 'turn_requested', run },
        { creates: run.session_id === run.run_id },
      );
      if (handled.kind === 'rejected' && handled.code === 'session_of_another') return 'refused';
      if (session!.run_id === run.run_id) return session!.turn;
      const holder = await this.#options.runs.get(session!.run_id);
      if (holder && !isFinishedStatus(holder.status)) return undefined;
      if (!session!.waiting.includes(run.run_id)) return undefined;
      await this.#pass(session!.session_id, session!.run_id);
    }
  }

  /** The history before the run's own conversation. */
  async historyBefore(run: Run, turn: number, { history }: Agent): Promise<ConversationItem[]> {
    if (turn === 0 || history.max_items === 0) return [];
    const earlier = await this.#options.runs.find({
      filter: { session_id: run.session_id, agent_id: run.agent_id, user_id: run.user_id, turn: { lt: turn } },
      sort: [['turn', 'desc']],
      limit: lookBack,
    });
    return historyOf(
      earlier.filter((each) => isOwn(each, run)),
      history,
    );
  }

  /** @returns undefined when there is none. */
  async rename(sessionId: string, session_name: string): Promise<Session | undefined> {
    return (await this.#options.sessions.execute(sessionId, { type: 'renamed', session_name })).state;
  }

  /** A run is over: whoever waits for its turn in the session goes on. Should this fail, they find out by themselves. */
  ended(run: Run): void {
    this.#passOn(run).catch((error: unknown) => {
      this.#options.log.warn({ err: error, run_id: run.run_id }, 'cannot start the next run of the session');
    });
  }

  async #passOn({ run_id, session_id }: Run): Promise<void> {
    const session = await this.#options.sessions.store.get(session_id);
    if (session?.run_id === run_id && session.waiting.length > 0) await this.#pass(session_id, run_id);
  }

  /** Whoever was cancelled while it waited does not hold up those behind it. */
  async #pass(sessionId: string, runId: string): Promise<void> {
    const passed = await this.#options.sessions.execute(sessionId, { type: 'turn_ended', run_id: runId });
    if (passed.kind !== 'changed') return;
    const next = await this.#options.runs.get(passed.state.run_id);
    if (next && !isFinishedStatus(next.status)) await this.#options.wake(next.run_id);
    else await this.#pass(sessionId, passed.state.run_id);
  }
}
