import type { Run, Session } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, touch, type Transition } from '@countersign/persistence';

/**
 * Whose a session is, and whose turn in it. It belongs to the agent and the user of its first run, for good. The runs of a session work one after another, in the order of their requests; the
 * turn stays with the last one until another run waits for it.
 */
export type SessionMessage =
  /** A run is to be one of this session; its record follows. */
  | { type: 'joined'; run: SessionRun }
  | { type: 'turn_requested'; run: SessionRun }
  | { type: 'turn_ended'; run_id: string }
  | { type: 'renamed'; session_name: string };

export type SessionRun = Pick<Run, 'run_id' | 'session_id' | 'agent_id' | 'user_id' | 'requested_by' | 'run_input'>;

/** Why a message is refused, for programs. */
export type SessionRejection = 'session_full' | 'session_not_found' | 'session_of_another';
type SessionTransition = Transition<Session, SessionRejection>;

const maxWaiting = 1_000;
const nameLength = 100;

export function decideSession(
  session: Session | undefined,
  message: SessionMessage,
  now: EpochMillis,
): SessionTransition {
  switch (message.type) {
    case 'joined':
    case 'turn_requested':
      if (!session) return open(message.run, now);
      if (!isOwn(session, message.run)) return rejected('session_of_another', 'the session belongs to another user');
      return message.type === 'joined' ? ignored('it is theirs') : queue(session, message.run.run_id, now);
    case 'turn_ended':
      return session ? pass(session, message.run_id, now) : absent;
    case 'renamed':
      return session ? rename(session, message.session_name, now) : absent;
    default:
      return message satisfies never;
  }
}

const absent = rejected('session_not_found' as const, 'there is no such session');

type Owned = Pick<Run, 'agent_id' | 'user_id' | 'requested_by'>;

/** Whether two runs, or a run and a session, may know the conversation of the other. */
export const isOwn = (one: Owned, other: Owned): boolean =>
  one.agent_id === other.agent_id &&
  one.user_id === other.user_id &&
  (one.user_id !== null || one.requested_by === other.requested_by);

function open(
  { session_id, agent_id, user_id, requested_by, run_id, run_input }: SessionRun,
  now: EpochMillis,
): SessionTransition {
  return changed({
    session_id,
    agent_id,
    user_id,
    requested_by,
    session_name: run_input.slice(0, nameLength).toWellFormed(),
    run_id,
    turn: 0,
    waiting: [],
    ...newRecord(now),
  });
}

function queue(session: Session, run_id: string, now: EpochMillis): SessionTransition {
  if (session.run_id === run_id) return ignored('it is its turn');
  if (session.waiting.includes(run_id)) return ignored('it waits for its turn');
  if (session.waiting.length >= maxWaiting) return rejected('session_full', `${maxWaiting} runs wait for their turn`);
  return changed(touch(session, now, { waiting: [...session.waiting, run_id] }));
}

function pass(session: Session, run_id: string, now: EpochMillis): SessionTransition {
  if (session.run_id !== run_id) return ignored('it was not its turn');
  const [next, ...waiting] = session.waiting;
  if (next === undefined) return ignored('no run waits');
  return changed(touch(session, now, { run_id: next, turn: session.turn + 1, waiting }));
}

function rename(session: Session, session_name: string, now: EpochMillis): SessionTransition {
  if (session.session_name === session_name) return ignored('it has that name');
  return changed(touch(session, now, { session_name }));
}
