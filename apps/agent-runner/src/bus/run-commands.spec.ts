import { CommandRefused, principalOf, type CommandEvent } from '@countersign/auth';
import { emit, type Event, type EventData } from '@countersign/contracts';
import type { Role } from '@countersign/contracts/auth';
import { TerminalError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import { describe, expect, it, vi } from 'vitest';
import {
  call,
  cancelRequested,
  claimed,
  continued,
  now,
  requested,
  responded,
  runAfter,
} from '../../test/run.fixtures.js';
import { RunCommands, type RunCommandPolicy } from './run-commands.js';

const refused = new CommandRefused('token_over', 'The token names no sender, or has expired.');
const paused = runAfter(requested, claimed, responded(call('call_a')));
const over = continued(paused, now, cancelRequested);

/** Tokens are the words "role:subject" here; who signs them is another matter. */
function commands(policy: RunCommandPolicy, ...runs: Run[]) {
  const sender = vi.fn(async ({ data }: CommandEvent) => {
    const [roles, subject] = data.token?.split(':') ?? [];
    if (roles === undefined || subject === undefined) throw refused;
    return principalOf({ subject, roles: roles.split('+') as Role[], groups: [] }, 'jwt');
  });
  const get = async (id: string) => runs.find(({ run_id }) => run_id === id);
  return Object.assign(new RunCommands({ sender }, { get }, policy), { sender });
}
const head = {
  id: 'm-1',
  source: '/p',
  time: '2026-09-01T09:30:00Z',
  subject: 's',
  key: 'k',
  traceparent: null,
  tracestate: null,
};
type Change<N extends CommandEvent['type']> = Partial<EventData<N>>;
const request = (change: Change<'run.requested'> = {}): Event<'run.requested'> =>
  ({ ...head, ...emit('run.requested', { agent_id: 'ops', input: 'Deploy', user_id: 'bob', ...change }) }) as never;
const cancel = (change: Change<'run.cancel_requested'> = {}): Event<'run.cancel_requested'> =>
  ({ ...head, ...emit('run.cancel_requested', { run_id: 'run-1', ...change }) }) as never;

describe('a command to start a run', () => {
  it.each(['signed', 'trusted'] as const)('with a token is for whoever sent it, where commands are %s', async (how) => {
    const given = commands(how);
    const command = request({ token: 'requester:ana' });
    expect(await given.requester(command, 'run-1')).toMatchObject({
      user_id: 'ana',
      requested_by: 'ana',
    });
    expect(given.sender).toHaveBeenCalledWith(command);
  });

  it('of an administrator is for whom it says', async () => {
    const token = 'admin:platform';
    expect(await commands('signed').requester(request({ token }), 'run-1')).toMatchObject({
      user_id: 'bob',
      requested_by: 'platform',
    });
    expect(await commands('signed').requester(request({ user_id: undefined, token }), 'run-1')).toMatchObject({
      user_id: null,
      requested_by: 'platform',
    });
  });

  it('without a token is believed where whoever writes to the topic is trusted, and only there', async () => {
    expect(await commands('trusted').requester(request(), 'run-1')).toMatchObject({
      user_id: 'bob',
      requested_by: null,
    });
    expect(await commands('trusted').requester(request({ user_id: undefined }), 'run-1')).toMatchObject({
      user_id: null,
      requested_by: null,
    });
    await expect(commands('signed').requester(request(), 'run-1')).rejects.toBe(refused);
  });

  it('with a token that is none is refused, also where none is needed', async () => {
    await expect(commands('trusted').requester(request({ token: 'none' }), 'run-1')).rejects.toBe(refused);
  });

  it('that was obeyed before is nothing to start, whatever its token is worth by now', async () => {
    expect(await commands('signed', paused).requester(request({ token: 'over' }), 'run-1')).toBeUndefined();
  });
});

describe('a command to cancel a run', () => {
  it.each([
    ['of whoever started it', 'requester:ana'],
    ['of an administrator', 'admin:root'],
  ])('%s counts', async (_, token) => {
    const given = commands('signed', paused);
    const command = cancel({ token });
    const [, subject] = token.split(':');
    expect(await given.canceller(command)).toMatchObject({ authid: subject, causationid: command.id });
    expect(given.sender).toHaveBeenCalledWith(command);
  });

  it.each(['requester:bob', 'approver+requester:bob', 'operator+requester:bob'])(
    'of %s, who does not own the run, is answered as if there were none',
    async (token) => {
      await expect(commands('signed', paused).canceller(cancel({ token }))).rejects.toThrow(
        new TerminalError('run_not_found', 'there is no run "run-1" to cancel'),
      );
    },
  );

  it('of a run that there is not is refused', async () => {
    await expect(commands('trusted').canceller(cancel())).rejects.toBeInstanceOf(TerminalError);
  });

  it('without a token counts where whoever writes to the topic is trusted, and only there', async () => {
    expect(await commands('trusted', paused).canceller(cancel())).toEqual({
      authtype: 'unauthenticated',
      causationid: head.id,
    });
    await expect(commands('signed', paused).canceller(cancel())).rejects.toBe(refused);
  });

  it('finds nothing to cancel when the run is over, whatever its token', async () => {
    expect(await commands('signed', over).canceller(cancel())).toBeUndefined();
  });
});
