import { ConfigError } from '@countersign/contracts/problems';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandAdapter } from './command.js';
import { requireRunAs } from './user.js';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_533 };

const asRoot = () => {
  const groups = process.getgroups?.() ?? [];
  beforeAll(() => process.setgroups?.([0, 4, 27]));
  afterAll(() => process.setgroups?.(groups));

  const run = async (script: string) => {
    const adapter = new CommandAdapter({
      program: '/bin/sh',
      args: () => ['-c', script],
      env: { PATH: '/usr/bin:/bin', DECLARED: 'yes' },
      runAs: nobody,
      timeoutMs: 20_000,
    });
    return adapter.execute(callWith(), new Follower());
  };

  it('has its ids and no group of the process that started it', async () => {
    expect(await run('id -ru; id -u; id -rg; id -g; id -G')).toEqual({
      outcome: 'succeeded',
      result: '65534\n65534\n65533\n65533\n65533',
    });
  });

  it('cannot become who started it again, nor do what only that one may', async () => {
    const outcome = await run(
      'cat /proc/1/environ 2>/dev/null && echo read; cat /etc/shadow 2>/dev/null && echo read; grep -E "^Cap(Prm|Eff)" /proc/self/status',
    );
    expect(outcome).toMatchObject({ outcome: 'succeeded', result: expect.not.stringContaining('read') });
    expect(outcome).toMatchObject({ result: 'CapPrm:\t0000000000000000\nCapEff:\t0000000000000000' });
  });

  it('has an empty HOME that is its own, and nothing else in its environment than was declared', async () => {
    const outcome = await run(
      'touch "$HOME/mine" && stat -c "%u %g %a" "$HOME" && echo "$HOME" && env | cut -d= -f1 | sort',
    );
    const [owner, home, ...names] = (outcome as { result: string }).result.split('\n');
    expect(owner).toBe('65534 65533 700');
    expect(existsSync(home!)).toBe(false);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([
      'DECLARED',
      'HOME',
      'PATH',
    ]);
  });

  it('is accepted at load', () => {
    expect(() => requireRunAs(nobody)).not.toThrow();
  });
};

/** What only root can try; elsewhere the refusal at load is all there is to see. */
if (isRoot) describe('a program that runs as another user', asRoot);

it('a program that is to run as another user is refused at load by a process that has no right to it', () => {
  if (isRoot) process.seteuid?.(nobody.uid);
  try {
    expect(() => requireRunAs({ uid: 1, gid: 1 })).toThrow(ConfigError);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
