import { principalOf, type Role } from '@countersign/auth';
import { TerminalError, type Run } from '@countersign/contracts';
import { describe, expect, it, vi } from 'vitest';
import { call, cancelRequested, claimed, continued, now, requested, responded, runAfter } from './run.given.js';
import { RunCommands, type RunCommandPolicy } from './run-commands.js';

const refused = new TerminalError('The token does not say who commands, or is over.');
const paused = runAfter(requested, claimed, responded(call('call_a')));
const over = continued(paused, now, cancelRequested);

/** Tokens are the words "role:subject" here; who signs them is another matter. */
function commands(policy: RunCommandPolicy, ...runs: Run[]) {
  const sender = vi.fn(async (token: string | undefined) => {
    const [roles, subject] = token?.split(':') ?? [];
    if (roles === undefined || subject === undefined) throw refused;
    return principalOf({ subject, roles: roles.split('+') as Role[], groups: [] }, 'jwt');
  });
  const get = async (id: string) => runs.find(({ run_id }) => run_id === id);
  return Object.assign(new RunCommands({ sender }, { get }, policy), { sender });
}
const request = { run_id: 'run-1', agent_id: 'ops', input: 'Deploy', user_id: 'bob' };
const cancel = { run_id: 'run-1' };

describe('a command to start a run', () => {
  it.each(['signed', 'trusted'] as const)('with a token is for whoever sent it, where commands are %s', async (how) => {
    const given = commands(how);
    expect(await given.requester({ ...request, token: 'requester:ana' })).toEqual({
      user_id: 'ana',
      requested_by: 'ana',
    });
    expect(given.sender).toHaveBeenCalledWith('requester:ana', { scope: 'runs:write', about: ['run-1', 'ops'] });
  });

  it('of an administrator is for whom it says', async () => {
    const token = 'admin:platform';
    expect(await commands('signed').requester({ ...request, token })).toEqual({
      user_id: 'bob',
      requested_by: 'platform',
    });
    expect(await commands('signed').requester({ ...request, user_id: undefined, token })).toEqual({
      user_id: null,
      requested_by: 'platform',
    });
  });

  it('without a token is believed where whoever writes to the topic is trusted, and only there', async () => {
    expect(await commands('trusted').requester(request)).toEqual({ user_id: 'bob', requested_by: null });
    expect(await commands('trusted').requester({ ...request, user_id: undefined })).toEqual({
      user_id: null,
      requested_by: null,
    });
    await expect(commands('signed').requester(request)).rejects.toBe(refused);
  });

  it('with a token that is none is refused, also where none is needed', async () => {
    await expect(commands('trusted').requester({ ...request, token: 'none' })).rejects.toBe(refused);
  });

  it('that was obeyed before is not examined again: its token may be over by now', async () => {
    expect(await commands('signed', paused).requester({ ...request, token: 'over' })).toBeUndefined();
  });
});

describe('a command to cancel a run', () => {
  it.each([
    ['of whoever started it', 'requester:ana'],
    ['of an administrator', 'admin:root'],
  ])('%s counts', async (_, token) => {
    const given = commands('signed', paused);
    expect(await given.mayCancel({ ...cancel, token })).toBe(true);
    expect(given.sender).toHaveBeenCalledWith(token, { scope: 'runs:write', about: ['run-1', 'ops'] });
  });

  it.each(['requester:bob', 'approver+requester:bob', 'operator+requester:bob'])(
    'of %s, who does not own the run, is answered as if there were none',
    async (token) => {
      await expect(commands('signed', paused).mayCancel({ ...cancel, token })).rejects.toThrow(
        new TerminalError('there is no run "run-1" to cancel'),
      );
    },
  );

  it('of a run that there is not is refused', async () => {
    await expect(commands('trusted').mayCancel(cancel)).rejects.toBeInstanceOf(TerminalError);
  });

  it('without a token counts where whoever writes to the topic is trusted, and only there', async () => {
    expect(await commands('trusted', paused).mayCancel(cancel)).toBe(true);
    await expect(commands('signed', paused).mayCancel(cancel)).rejects.toBe(refused);
  });

  it('finds nothing to cancel when the run is over, whatever its token', async () => {
    expect(await commands('signed', over).mayCancel(cancel)).toBe(false);
  });
});
