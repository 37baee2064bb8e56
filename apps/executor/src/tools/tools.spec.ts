import type { Execution } from '@countersign/contracts/executions';
import { ConfigError } from '@countersign/contracts/problems';
import { atSeconds, systemClock } from '@countersign/contracts/time';
import { SqliteBus } from '@countersign/messaging';
import { readConfig } from '@countersign/service';
import { openTemporaryDatabase } from '@countersign/testing';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovedCall, Outcome } from '../adapters/adapter.js';
import { callWith, Follower } from '../../test/adapter.fixtures.js';
import { ExecutorConfig } from '../config.js';
import { Platform, replies, requests } from '../../test/platform.fixtures.js';
import { Replies, replyCollection } from '../results/replies.js';
import { declared, declaredTools } from './tools.js';

/** Says how it was started. */
const echo = 'console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env }))';

describe('the tools that the file declares', () => {
  let dir: string;
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-tools-')));
    writeFileSync(join(dir, 'echo.mjs'), echo);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const configOf = (settings: Record<string, string> = {}) =>
    readConfig(ExecutorConfig, {
      COUNTERSIGN_CONFIG: join(dir, 'countersign.yaml'),
      DATA_DIR: dir,
      PATH: '',
      ...settings,
    });
  const declare = (...tools: { name: string; execute?: object }[]) => {
    const parameters = {
      type: 'object',
      properties: { service: { type: 'string' }, force: { type: 'boolean' } },
      required: ['service'],
    };
    const file = { tools: tools.map((tool) => ({ description: 'A tool.', parameters, ...tool })) };
    // Every JSON text is YAML.
    writeFileSync(join(dir, 'countersign.yaml'), JSON.stringify(file));
  };
  const command = (command: object) => ({ name: 'deploy', execute: { command: { program: 'node', ...command } } });
  const call = async (tool_args: ApprovedCall['tool_args'], env: Record<string, string> = {}): Promise<Outcome> => {
    const { adapter } = declaredTools(declared(configOf(), env)).get('deploy')!;
    return adapter!.execute(callWith(tool_args), new Follower());
  };
  const seen = async (...args: Parameters<typeof call>) => {
    const outcome = await call(...args);
    if (outcome.outcome !== 'succeeded') throw new Error(JSON.stringify(outcome));
    const { argv, cwd, env } = JSON.parse(outcome.result) as { argv: string[]; cwd: string; env: object };
    const { __CF_USER_TEXT_ENCODING: _, HOME: home, LANG: lang, ...rest } = env as Record<string, string>;
    expect([home, lang]).toEqual([expect.stringContaining('countersign-home-'), 'C.UTF-8']);
    expect(existsSync(home!)).toBe(false);
    return { argv, cwd, env: rest };
  };

  it('are those that say what the executor does, and no other', () => {
    declare(command({}), { name: 'by_somebody_else' });
    expect([...declaredTools(declared(configOf())).keys()]).toEqual(['deploy']);
  });

  it('run their program beside the file, each argument whole, with no environment but what is declared', async () => {
    declare(
      command({
        args: [
          'echo.mjs',
          '{{arguments.service}}',
          '--force={{arguments.force}}',
          '{{execution.id}} {{run.id}}',
          '{{env.TARGET_DIR:-.countersign/deployments}}',
        ],
        env: { TOKEN: 'secret {{env.DEPLOY_TOKEN}}' },
      }),
    );
    const env = { DEPLOY_TOKEN: 'x y', OTHER: 'z' };
    expect(await seen({ service: '$(touch hacked) "; --help', force: true }, env)).toEqual({
      argv: ['$(touch hacked) "; --help', '--force=true', 'execution-1 run-1', '.countersign/deployments'],
      cwd: dir,
      env: { PATH: '', TOKEN: 'secret x y' },
    });
    expect((await seen({ service: 'auth' }, env)).argv).toHaveLength(3);
  });

  describe('never take a value for an option', () => {
    const withArgs = (args: string[], allow_leading_dash: string[] = []) =>
      declare(command({ args: ['echo.mjs', ...args], allow_leading_dash }));

    it.each(['--version', '-', '-rf', -1])('so that %j is refused before anything is done', async (service) => {
      withArgs(['deploy', '{{arguments.service}}']);
      await expect(call({ service })).rejects.toThrow(
        /^service begins with a dash.*nothing was done.*put "--".*allow_leading_dash$/,
      );
    });

    it.each([['{{env.NOTHING}}{{arguments.service}}'], ['{{arguments.service}}/x']])('also of %s', async (text) => {
      withArgs([text]);
      await expect(call({ service: '-x' }, { NOTHING: '' })).rejects.toThrow('begins with a dash');
    });

    it('unless the file says that it is none', async () => {
      withArgs(['--service={{arguments.service}}', 'x{{arguments.service}}', '--', '{{arguments.service}}']);
      expect((await seen({ service: '-x' })).argv).toEqual(['--service=-x', 'x-x', '--', '-x']);
      withArgs(['{{arguments.service}}'], ['service']);
      expect((await seen({ service: -1 })).argv).toEqual(['-1']);
    });

    it('and everything after options have ended is as it is', async () => {
      withArgs(['{{arguments.force}}', '--', '{{arguments.service}}']);
      expect((await seen({ service: '--force' })).argv).toEqual(['--', '--force']);
    });
  });

  it('run it elsewhere when they say so', async () => {
    mkdirSync(join(dir, 'programs'));
    declare(command({ args: ['../echo.mjs'], working_directory: 'programs' }));
    expect((await seen({})).cwd).toBe(join(dir, 'programs'));
  });

  it('fail for sure when there is no such place', async () => {
    declare(command({ working_directory: 'absent' }));
    expect(await call({})).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining(`could not be started in ${join(dir, 'absent')}: `),
    });
  });

  it('have a time of their own, if they like', async () => {
    declare(command({ args: ['-e', 'setInterval(() => {}, 1000)'], timeout: 0.5 }));
    expect(await call({})).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('killed after 0.5 s') });
  });

  it('need every variable that they name, or the executor does not start', () => {
    declare(
      { ...command({ args: ['{{env.ONE}}'] }), name: 'one' },
      { ...command({ env: { TOKEN: '{{env.OTHER}}' } }), name: 'other' },
    );
    const start = () => declaredTools(declared(configOf(), {}));
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(/ {2}one: The environment variable ONE .*\n {2}other: The environment variable OTHER /);
  });

  it('are, unless another file is named, those of this project', () => {
    expect([...declaredTools(declared(configOf({ COUNTERSIGN_CONFIG: '' }))).keys()]).toEqual([
      'deploy_to_production',
      'ask_customer',
      'grant_access',
    ]);
  });

  it('ask another platform for what the file says, and take its reply for what came of it', async () => {
    const kafka = {
      topic: requests,
      reply_topic: replies,
      key: '{{arguments.service}}',
      headers: { authorization: 'Bearer {{env.TOKEN}}' },
      value: { service: '{{arguments.service}}', force: '{{arguments.force}}', id: '{{execution.id}}' },
      status: '/state',
      succeeded: ['deployed'],
      result: '/id',
    };
    declare({ name: 'deploy', execute: { kafka } });
    const { adapter, terms } = declaredTools(declared(configOf(), { TOKEN: 'a-secret' })).get('deploy')!;
    expect(terms(atSeconds(0))).toMatchObject({ semantics: 'at_most_once', can_reconcile: true });

    const { database, file, close } = openTemporaryDatabase();
    const bus = new SqliteBus(file, { log: { info() {}, warn() {}, error() {} } });
    const platform = new Platform(bus);
    const executions = { get: async (id: string) => ({ id }) as Execution };
    adapter!.open!({
      now: systemClock,
      busTo: () => bus,
      replies: new Replies(database.collection(replyCollection).store, executions),
    });
    const outcome = await adapter!.execute(callWith({ service: 'auth', force: true }), new Follower());
    expect(outcome).toEqual({ outcome: 'succeeded', result: '7' });
    expect(platform.done).toMatchObject([
      {
        key: 'auth',
        headers: { authorization: 'Bearer a-secret' },
        value: { service: 'auth', force: true, id: 'execution-1' },
      },
    ]);
    await Promise.all([adapter!.close!(), platform.stop()]);
    await bus.close();
    close();
  });
});
