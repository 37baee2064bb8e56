import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandAdapter, type CommandOptions } from './command.js';
import { ProgramOutput } from './output.js';
import { callWith, Follower } from '../../../test/adapter.fixtures.js';

const soon = { timeout: 10_000, interval: 10 };
/** Runs this JavaScript as the program. */
const adapterFor = (script: string, options: Partial<CommandOptions> = {}) =>
  new CommandAdapter({
    program: process.execPath,
    args: () => ['-e', script],
    env: { PATH: process.env['PATH'] ?? '' },
    timeoutMs: 20_000,
    graceMs: 500,
    ...options,
  });
const execute = (script: string, options: Partial<CommandOptions> = {}, watch = new Follower()) =>
  adapterFor(script, options).execute(callWith(), watch);

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
      timeoutMs: 20_000,
    });
    const outcome = await adapter.execute(callWith({ value }), new Follower());
    expect(outcome).toEqual({ outcome: 'succeeded', result: JSON.stringify([value]) });
  });

  it("sees the environment it is given, and nothing of this process's", async () => {
    process.env['SECRET_OF_THIS_PROCESS'] = 'x';
    const outcome = await execute('console.log(JSON.stringify(process.env))', { env: { REGION: 'eu' } });
    delete process.env['SECRET_OF_THIS_PROCESS'];
    if (outcome.outcome !== 'succeeded') throw new Error(JSON.stringify(outcome));
    const { __CF_USER_TEXT_ENCODING: _, HOME: home, ...env } = JSON.parse(outcome.result) as Record<string, string>;
    expect(env).toEqual({ REGION: 'eu' });
    expect(home).toContain('countersign-home-');
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
    const error = expect.stringMatching(/could not be started.*ENOENT/);
    expect(outcome).toEqual({ outcome: 'failed', error, retryable: false });
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
      truncated: true,
    });
  });

  it('may print exactly as much as is kept', async () => {
    expect(await execute('process.stdout.write("x".repeat(10))', { maxOutput: 10 })).toEqual({
      outcome: 'succeeded',
      result: 'x'.repeat(10),
    });
  });
});

describe('an exit code', () => {
  it.each([
    [75, { outcome: 'failed', error: 'exit code 75: said', retryable: true }],
    [76, { outcome: 'unknown', reason: 'exit code 76: said' }],
    [77, { outcome: 'failed', error: 'exit code 77: said' }],
  ])('%i may say that nothing was done, or that it cannot tell', async (code, outcome) => {
    const script = `console.log('said'); process.exitCode = ${code}`;
    expect(await execute(script, { retryOn: [75], unknownOn: [76] })).toEqual(outcome);
  });
});

describe('what a program prints', () => {
  it('is reported while it runs, each character once and in order, also what is left out of the result', async () => {
    const watch = new Follower();
    const script = 'for (let n = 0; n < 20_000; n++) console.log(n); process.stdout.write("é without an end")';
    await execute(script, { maxOutput: 100 }, watch);
    const lines = Array.from({ length: 20_000 }, (_, n) => `${n}\n`);
    expect(watch.output).toBe(`${lines.join('')}é without an end`);
  });

  it('is reported before it ends', async () => {
    const watch = new Follower();
    const running = execute('console.log("begun"); setInterval(() => {}, 1000)', {}, watch);
    await expect.poll(() => watch.output, soon).toBe('begun\n');
    watch.stop();
    await running;
  });

  it('is never torn: a line of one stream is not in the middle of a line of the other', async () => {
    const watch = new Follower();
    const script = `
      process.stdout.write('half of a line, ');
      setTimeout(() => process.stderr.write('an error\\n'), 50);
      setTimeout(() => process.stdout.write('and the other half\\n'), 100);`;
    await execute(script, {}, watch);
    expect(watch.output).toBe('an error\nhalf of a line, and the other half\n');
  });

  it('may be how far it is, on a line of its own, which is no output', async () => {
    const watch = new Follower();
    const lines = [
      '::progress 10 Copying files',
      'copied',
      ' ::progress 20',
      '::progress',
      '::progress 55.5%',
      '::progress 400',
      '::progress 100 Done',
    ];
    const outcome = await execute(`process.stdout.write(${JSON.stringify(lines.join('\n'))})`, {}, watch);
    expect(watch.news.filter(({ percent }) => percent !== undefined)).toEqual([
      { percent: 10, message: 'Copying files' },
      { percent: 55.5 },
      { percent: 100 },
      { percent: 100, message: 'Done' },
    ]);
    expect(watch.output).toBe('copied\n ::progress 20\n::progress\n');
    expect(outcome).toEqual({ outcome: 'succeeded', result: 'copied\n ::progress 20\n::progress' });
  });

  it('never has a secret in it, wherever it is said', async () => {
    const TOKEN = 'top "secret"/token';
    const watch = new Follower({ TOKEN });
    const script = `
      const token = process.env.TOKEN;
      console.log('::progress 1 with ' + token);
      console.log(token, encodeURIComponent(token), JSON.stringify({ token }));
      process.stdout.write(token.slice(0, 5));
      setTimeout(() => { process.stdout.write(token.slice(5)); process.exitCode = 1; }, 50);`;
    const outcome = await execute(script, { env: { TOKEN } }, watch);
    expect(watch.news).toEqual([
      { percent: 1, message: 'with ***' },
      { output: '*** *** {"token":"***"}\n' },
      { output: '***' },
    ]);
    expect(outcome).toEqual({ outcome: 'failed', error: 'exit code 1: *** *** {"token":"***"}\n***' });
  });

  it('waits for whoever reads it, so that it never fills the memory', async () => {
    const watch = new Follower();
    const output = new ProgramOutput({ maxOutput: 100, mask: (text) => text, progress: watch.progress });
    const stream = new PassThrough({ highWaterMark: 4_000_000 });
    output.read(stream);
    stream.write('x'.repeat(2_000_000));
    await expect.poll(() => stream.isPaused(), soon).toBe(true);
    await expect.poll(() => stream.isPaused(), soon).toBe(false);
    stream.end();
    await expect.poll(() => stream.readableEnded, soon).toBe(true);
    output.end();
    expect(watch.output).toHaveLength(2_000_000);
  });
});

describe('a program that is stopped', () => {
  it('is not started any more when it was stopped before', async () => {
    const watch = new Follower();
    watch.stop();
    expect(await execute('', {}, watch)).toEqual({ outcome: 'failed', error: 'stopped before it was started' });
  });

  it('may clean up, and has an unknown outcome', async () => {
    const watch = new Follower();
    const script = `
      process.on('SIGTERM', () => { console.log('cleaned up'); process.exit(0); });
      console.log('begun');
      setInterval(() => {}, 1000);`;
    const running = execute(script, {}, watch);
    await expect.poll(() => watch.output, soon).toBe('begun\n');
    watch.stop();
    expect(await running).toEqual({
      outcome: 'unknown',
      reason: 'stopped while it was running, requested by ada: begun\ncleaned up',
    });
  });

  it('is killed when it does not end by itself', async () => {
    const watch = new Follower();
    const script = 'process.on("SIGTERM", () => {}); console.log(process.pid); setInterval(() => {}, 1000)';
    const running = execute(script, {}, watch);
    await expect.poll(() => watch.output, soon).toMatch(/^\d+\n$/);
    watch.stop();
    expect(await running).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('stopped while') });
    await expect.poll(() => isAlive(Number(watch.output)), soon).toBe(false);
  }, 20_000);
});

describe('a program that tells what came of a call', () => {
  const reconcile = (script: string, watch = new Follower(), options: Partial<CommandOptions> = {}) =>
    adapterFor('process.exit(9)', {
      status: { program: process.execPath, args: ({ id }) => ['-e', script, '--', id] },
      ...options,
    }).reconcile!(callWith(), watch);

  it.each([
    ['console.log("released " + process.argv[1])', { outcome: 'succeeded', result: 'released execution-1' }],
    [
      'console.log("no such release"); process.exitCode = 1',
      { outcome: 'failed', error: 'it was not made: no such release', retryable: true },
    ],
    [
      'console.log("out of reach"); process.exitCode = 2',
      { outcome: 'unknown', reason: 'the target cannot tell, exit code 2: out of reach' },
    ],
    ['process.kill(process.pid, "SIGKILL")', { outcome: 'unknown', reason: 'ended by SIGKILL' }],
  ])('says it with %s', async (script, outcome) => {
    expect(await reconcile(script)).toEqual(outcome);
  });

  it('cannot tell when it is not there', async () => {
    const status = { program: '/no/such/program', args: () => [] };
    expect(await reconcile('', new Follower(), { status })).toMatchObject({
      outcome: 'unknown',
      reason: expect.stringContaining('could not be started'),
    });
  });

  it('is there or is not: without one nobody is asked', () => {
    expect(adapterFor('').reconcile).toBeUndefined();
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
    const outcome = await execute(withChild(file, false), { timeoutMs: 1_500 });
    expect(outcome).toEqual({ outcome: 'unknown', reason: 'killed after 1.5 s: started' });
    await expect.poll(() => pidsIn(file).map(isAlive), soon).toEqual([false, false]);
  });

  it('is not waited for beyond that, even when something it started got away', async () => {
    const file = join(dir, 'pids');
    const outcome = await execute(withChild(file, true), { timeoutMs: 1_500 });
    process.kill(pidsIn(file)[1]!, 'SIGKILL');
    expect(outcome).toEqual({ outcome: 'unknown', reason: 'killed after 1.5 s: started' });
  }, 20_000);

  it('has its outcome when it exits, whatever it leaves running', async () => {
    const file = join(dir, 'pids');
    const script = withChild(file, false).replace('eval(wait)', 'process.exit(0)');
    expect(await execute(script)).toEqual({ outcome: 'succeeded', result: 'started' });
    process.kill(pidsIn(file)[1]!, 'SIGKILL');
  }, 20_000);
});
