import { Session } from '@countersign/contracts/runs';
import { deepFreeze } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import { now } from '../../test/run.fixtures.js';
import { decideSession, type SessionMessage } from './session.js';

const wants = (run_id: string, run_input = 'Deploy it.'): SessionMessage => ({
  type: 'turn_requested',
  run: { run_id, session_id: 'session-1', agent_id: 'ops', user_id: 'ana', requested_by: 'ana', run_input },
});
const ends = (run_id: string): SessionMessage => ({ type: 'turn_ended', run_id });

function sessionAfter(...messages: SessionMessage[]): Session {
  let session: Session | undefined;
  for (const message of messages) {
    const transition = decideSession(deepFreeze(session), message, now);
    if (transition.kind !== 'changed') throw new Error(transition.reason);
    session = Session.parse(transition.state);
  }
  return session!;
}

describe('whose a session is', () => {
  type Run = Extract<SessionMessage, { type: 'joined' }>['run'];
  const ana: Run = {
    run_id: 'one',
    session_id: 'session-1',
    agent_id: 'ops',
    user_id: 'ana',
    requested_by: 'ana',
    run_input: 'Deploy it.',
  };
  const nobody = { ...ana, user_id: null };
  it.each<[string, Run, Partial<Run>, string]>([
    ['its user', ana, { run_id: 'two' }, 'ignored'],
    ['its user, asked for by another', ana, { requested_by: 'platform' }, 'ignored'],
    ['another user', ana, { user_id: 'mallory' }, 'rejected'],
    ['nobody', ana, { user_id: null }, 'rejected'],
    ['another agent', ana, { agent_id: 'support' }, 'rejected'],
    ['whoever asked for nobody', nobody, { run_id: 'two' }, 'ignored'],
    ['another who asks for nobody', nobody, { requested_by: 'mallory' }, 'rejected'],
    ['a user, after nobody', nobody, { user_id: 'ana' }, 'rejected'],
  ])('it takes a run of %s or not', (_, first, change, kind) => {
    const session = sessionAfter({ type: 'joined', run: first });
    const run = { ...first, ...change };
    expect(decideSession(session, { type: 'joined', run }, now).kind).toBe(kind);
    const turn = decideSession(session, { type: 'turn_requested', run: { ...run, run_id: 'three' } }, now);
    expect(turn.kind).toBe(kind === 'rejected' ? 'rejected' : 'changed');
  });
});

describe('the name of a session', () => {
  const renamed = (session_name: string): SessionMessage => ({ type: 'renamed', session_name });

  it('is what it was called last, and changes nothing else', () => {
    const session = sessionAfter(wants('one'), wants('two'));
    const after = sessionAfter(wants('one'), wants('two'), renamed('The release'));
    expect(after).toEqual({ ...session, session_name: 'The release' });
    expect(decideSession(after, renamed('The release'), now).kind).toBe('ignored');
    expect(decideSession(undefined, renamed('x'), now)).toMatchObject({ kind: 'rejected', code: 'session_not_found' });
  });
});

describe('the turns of a session', () => {
  it('begin with the run that asks first', () => {
    expect(sessionAfter(wants('one'))).toMatchObject({
      session_id: 'session-1',
      agent_id: 'ops',
      user_id: 'ana',
      session_name: 'Deploy it.',
      run_id: 'one',
      turn: 0,
      waiting: [],
    });
  });

  it('go to the others in the order in which they asked', () => {
    const three = sessionAfter(wants('one'), wants('two'), wants('three'));
    expect(three).toMatchObject({ run_id: 'one', waiting: ['two', 'three'] });
    const second = decideSession(three, ends('one'), now);
    expect(second).toMatchObject({ state: { run_id: 'two', turn: 1, waiting: ['three'] } });
  });

  it('stay with the last run until somebody else wants one', () => {
    const alone = sessionAfter(wants('one'));
    expect(decideSession(alone, ends('one'), now)).toEqual({ kind: 'ignored', reason: 'no run waits' });
    expect(sessionAfter(wants('one'), wants('two'), ends('one'))).toMatchObject({ run_id: 'two', turn: 1 });
  });

  it('emit nothing', () => {
    expect(decideSession(undefined, wants('one'), now)).toMatchObject({ events: [] });
  });

  it.each<[string, Session | undefined, SessionMessage, object]>([
    ['whose turn it is', sessionAfter(wants('one')), wants('one'), { kind: 'ignored', reason: 'it is its turn' }],
    [
      'that waits',
      sessionAfter(wants('one'), wants('two')),
      wants('two'),
      { kind: 'ignored', reason: 'it waits for its turn' },
    ],
    [
      'that ends without having had its turn',
      sessionAfter(wants('one'), wants('two')),
      ends('two'),
      { kind: 'ignored', reason: 'it was not its turn' },
    ],
    [
      'of no session',
      undefined,
      ends('one'),
      { kind: 'rejected', code: 'session_not_found', reason: 'there is no such session' },
    ],
    [
      'that is one too many',
      { ...sessionAfter(wants('one')), waiting: Array.from({ length: 1_000 }, (_, n) => `run-${n}`) },
      wants('late'),
      { kind: 'rejected', code: 'session_full', reason: '1000 runs wait for their turn' },
    ],
  ])('do not change for a run %s', (_, session, message, expected) => {
    expect(decideSession(session, message, now)).toEqual(expected);
  });
});

describe('a session', () => {
  it('is named by the beginning of what its first run was asked', () => {
    expect(sessionAfter(wants('one', 'x'.repeat(200))).session_name).toBe('x'.repeat(100));
    expect(sessionAfter(wants('one', `${'x'.repeat(99)}😀`)).session_name.isWellFormed()).toBe(true);
  });
});
