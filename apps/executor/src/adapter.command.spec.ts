import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandAdapter, type CommandOptions } from './adapter.command.js';
import type { ApprovedCall } from './adapter.js';

const soon = { timeout: 10_000, interval: 10 };
const callWith = (tool_args: ApprovedCall['tool_args'] = {}): ApprovedCall => ({
  id: 'execution-1',
  run_id: 'run-1',
  tool_name: 'tool',
  tool_args,
});

/** Runs this JavaScript as the program. */
const execute = (script: string, options: Partial<CommandOptions> = {}, args: readonly string[] = []) =>
  new CommandAdapter({
    program: process.execPath,
    args: () => ['-e', script, '--', ...args],
    env: { PATH: process.env['PATH'] ?? '' },
    timeout: 20_000,
    ...options,
  }).execute(callWith());

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that ended and that nobody has asked about yet counts as ended.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a program that makes a call', () => {
  it.each([
    '; touch hacked',
    '$(touch hacked)',
    '`touch hacked`',
    '| cat',
    '&& true',
    '* ? ~',
    '\' " \\',
    '--flag',
    '',
    'é\n',
  ])('is given the argument %j whole, with no shell between', async (value) => {
    const adapter = new CommandAdapter({
      program: process.execPath,
      args: ({ tool_args }) => [
        '-e',
        'console.log(JSON.stringify(process.argv.slice(1)))',
        '--',
        String(tool_args['value']),
      ],
      env: {},
      timeout: 20_000,
    });
    const outcome = await adapter.execute(callWith({ value }));
    expect(outcome).toEqual({ outcome: 'succeeded', result: JSON.stringify([value]) });
  });

  it("sees the environment it is given, and nothing of this process's", async () => {
    process.env['SECRET_OF_THIS_PROCESS'] = 'x';
    const outcome = await execute('console.log(JSON.stringify(process.env))', { env: { REGION: 'eu' } });
    delete process.env['SECRET_OF_THIS_PROCESS'];
    if (outcome.outcome !== 'succeeded') throw new Error(JSON.stringify(outcome));
    const { __CF_USER_TEXT_ENCODING: _, ...env } = JSON.parse(outcome.result) as Record<string, string>;
    expect(env).toEqual({ REGION: 'eu' });
  });

  it('succeeds with exit code 0, and what it printed on either stream is the result', async () => {
    expect(await execute('console.log("out"); setTimeout(() => console.error("err"), 50)')).toEqual({
      outcome: 'succeeded',
      result: 'out\nerr',
    });
  });

  it('fails with any other exit code, and says what it printed', async () => {
    expect(await execute('console.error("no such host"); process.exitCode = 3')).toEqual({
      outcome: 'failed',
      error: 'exit code 3: no such host',
    });
  });

  it('has failed for sure when there is no such program', async () => {
    const outcome = await execute('', { program: '/no/such/program' });
    expect(outcome).toMatchObject({ outcome: 'failed', error: expect.stringMatching(/could not be started.*ENOENT/) });
  });

  it('has an unknown outcome when something else kills it', async () => {
    expect(await execute('console.log("half way"); process.kill(process.pid, "SIGKILL")')).toEqual({
      outcome: 'unknown',
      reason: 'ended by SIGKILL: half way',
    });
  });

  it('reads nothing: its input is empty', async () => {
    const echo = 'process.stdin.resume(); process.stdin.on("end", () => console.log("end"))';
    expect(await execute(echo)).toEqual({ outcome: 'succeeded', result: 'end' });
  });

  it('may print as much as it likes: the end is kept, and how much went before it is said', async () => {
    const outcome = await execute('process.stdout.write("x".repeat(1_000_000) + "the end")', { maxOutput: 10 });
    expect(outcome).toEqual({
      outcome: 'succeeded',
      result: '[the first 999997 characters are left out] xxxthe end',
    });
  });

  it('may print exactly as much as is kept', async () => {
    expect(await execute('process.stdout.write("x".repeat(10))', { maxOutput: 10 })).toEqual({
      outcome: 'succeeded',
      result: 'x'.repeat(10),
    });
  });
});

describe('a program that takes too long', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-command-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  /** Starts a child, notes both process ids in a file, and waits for ever. */
  const withChild = (file: string, detached: boolean) => `
    const wait = 'setInterval(() => {}, 1000)';
    const child = require('node:child_process').spawn(process.execPath, ['-e', wait], { stdio: 'inherit', detached: ${detached} });
    require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
    console.log('started');
    eval(wait);`;
  const pidsIn = (file: string) => readFileSync(file, 'utf8').split(' ').map(Number);

  it('is killed together with what it started, and its outcome is unknown', async () => {
    const file = join(dir, 'pids');
    const outcome = await execute(withChild(file, false), { timeout: 1_500 });
    expect(outcome).toEqual({ outcome: 'unknown', reason: 'killed after 1.5 s: started' });
    await expect.poll(() => pidsIn(file).map(isAlive), soon).toEqual([false, false]);
  });

  it('is not waited for beyond that, even when something it started got away', async () => {
    const file = join(dir, 'pids');
    const outcome = await execute(withChild(file, true), { timeout: 1_500 });
    process.kill(pidsIn(file)[1]!, 'SIGKILL');
    expect(outcome).toEqual({ outcome: 'unknown', reason: 'killed after 1.5 s: started' });
  }, 10_000);
});
