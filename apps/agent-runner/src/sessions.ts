import { isFinishedStatus, type ConversationItem, type Log, type Run, type Session } from '@countersign/contracts';
import type { Agent } from '@countersign/definitions';
import type { Aggregate, Store } from '@countersign/persistence';
import { historyOf } from './history.js';
import type { SessionMessage } from './session.js';

export interface SessionsOptions {
  sessions: Aggregate<Session, SessionMessage>;
  runs: Store<Run>;
  /** Tells a run that its turn has come. */
  wake(runId: string): Promise<unknown>;
  log: Log;
}

/** Earlier runs that are looked at for the history of a session. */
const lookBack = 50;

/** Lets the runs of a session work one after another, and tells each what was said before. */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** @returns the run's place in its session once it is its turn; undefined while another run has not ended. */
  async turnOf(run: Run): Promise<number | undefined> {
    for (;;) {
      const { state: session } = await this.#options.sessions.handle(
        run.session_id,
        { type: 'turn_requested', run },
        { creates: run.session_id === run.run_id },
      );
      if (session!.run_id === run.run_id) return session!.turn;
      const holder = await this.#options.runs.get(session!.run_id);
      if (holder && !isFinishedStatus(holder.status)) return undefined;
      if (!session!.waiting.includes(run.run_id)) return undefined;
      await this.#pass(session!.session_id, session!.run_id);
    }
  }

  /** What the model is told before the run's own conversation. */
  async historyBefore(run: Run, turn: number, { history }: Agent): Promise<ConversationItem[]> {
    if (turn === 0 || history.max_items === 0) return [];
    const earlier = await this.#options.runs.find({
      filter: { session_id: run.session_id, turn: { lt: turn } },
      sort: [['turn', 'desc']],
      limit: lookBack,
    });
    return historyOf(earlier, history);
  }

  /** A run is over: whoever waits for its turn in the session goes on. Should this fail, they find out by themselves. */
  ended(run: Run): void {
    this.#passOn(run).catch((error: unknown) => {
      this.#options.log.warn({ err: error, run_id: run.run_id }, 'cannot pass the turn in the session on');
    });
  }

  async #passOn({ run_id, session_id }: Run): Promise<void> {
    const session = await this.#options.sessions.store.get(session_id);
    if (session?.run_id === run_id && session.waiting.length > 0) await this.#pass(session_id, run_id);
  }

  /** Whoever was cancelled while it waited does not hold up those behind it. */
  async #pass(sessionId: string, runId: string): Promise<void> {
    const passed = await this.#options.sessions.handle(sessionId, { type: 'turn_ended', run_id: runId });
    if (passed.kind !== 'changed') return;
    const next = await this.#options.runs.get(passed.state.run_id);
    if (next && !isFinishedStatus(next.status)) await this.#options.wake(next.run_id);
    else await this.#pass(sessionId, passed.state.run_id);
  }
}
