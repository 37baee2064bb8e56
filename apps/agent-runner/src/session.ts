import type { Run, Session } from '@countersign/contracts';
import { changed, ignored, rejected, type Transition } from '@countersign/persistence';

/**
 * Whose turn it is in a session. The runs of a session work one after another, in the order in which they asked; the
 * turn stays with the last one until somebody else wants it.
 */
export type SessionMessage =
  | { type: 'turn_requested'; run: Pick<Run, 'run_id' | 'session_id' | 'agent_id' | 'user_id' | 'run_input'> }
  | { type: 'turn_ended'; run_id: string };

const maxWaiting = 1_000;
const nameLength = 100;

export function decideSession(session: Session | undefined, message: SessionMessage, now: number): Transition<Session> {
  switch (message.type) {
    case 'turn_requested':
      return session ? queue(session, message.run.run_id, now) : open(message.run, now);
    case 'turn_ended':
      return session ? pass(session, message.run_id, now) : rejected('there is no such session');
    default:
      return message satisfies never;
  }
}

function open(
  { session_id, agent_id, user_id, run_id, run_input }: Extract<SessionMessage, { type: 'turn_requested' }>['run'],
  now: number,
): Transition<Session> {
  const at = Math.floor(now / 1000);
  return changed({
    session_id,
    agent_id,
    user_id,
    session_name: run_input.slice(0, nameLength).toWellFormed(),
    run_id,
    turn: 0,
    waiting: [],
    version: 0,
    due_at: null,
    traceparent: null,
    created_at: at,
    updated_at: at,
  });
}

function queue(session: Session, run_id: string, now: number): Transition<Session> {
  if (session.run_id === run_id) return ignored('it is its turn');
  if (session.waiting.includes(run_id)) return ignored('it waits for its turn');
  if (session.waiting.length >= maxWaiting) return rejected(`${maxWaiting} runs wait for their turn`);
  return changed(touch(session, now, { waiting: [...session.waiting, run_id] }));
}

function pass(session: Session, run_id: string, now: number): Transition<Session> {
  if (session.run_id !== run_id) return ignored('it was not its turn');
  const [next, ...waiting] = session.waiting;
  if (next === undefined) return ignored('nobody waits');
  return changed(touch(session, now, { run_id: next, turn: session.turn + 1, waiting }));
}

const touch = (session: Session, now: number, change: Partial<Session>): Session => ({
  ...session,
  ...change,
  updated_at: Math.floor(now / 1000),
});
