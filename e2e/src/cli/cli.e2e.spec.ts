import type { Approval } from '@countersign/contracts/approvals';
import type { DeadLetter } from '@countersign/contracts/event-log';
import type { RunOutput } from '@countersign/contracts/runs';
import { spawnSync } from 'node:child_process';
import type {} from '@countersign/infra';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { keys, main, runCommand, Terminal, type CommandLineOptions, type Ended } from './command-line.js';
import { eventually } from '../world/eventually.js';
import { pausedRun, request } from '../world/flow.js';
import { forgedResult } from '../world/poison.js';
import { EmbeddedStack } from '../world/stack.js';

const brokers = inject('kafkaBrokers');
const mongodb = inject('mongodbUri');

describe('countersign in scripts', () => {
  const stack = new EmbeddedStack();
  let env: Record<string, string>;
  const open: Terminal[] = [];
  beforeAll(async () => {
    // Results in the log beside a store without any record would be of another installation.
    await stack.start();
    await pausedRun(stack.client);
    await stack.withBus((bus) => bus.publish([forgedResult('a-run'), forgedResult('another-run')]));
    const { origins, admin } = stack.client;
    env = { COUNTERSIGN_URL: origins.runs, COUNTERSIGN_KEY: admin.authorization.replace('Bearer ', '') };
  });
  afterEach(() => open.splice(0).forEach((terminal) => terminal.close()));
  afterAll(() => stack.close());

  const countersign = (args: string[], options: CommandLineOptions = {}): Promise<Ended> =>
    runCommand(args, { ...options, env: { ...env, ...options.env } });
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, out, err } = await countersign([...args, '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as T;
  };
  const watching = (...args: string[]): Terminal => {
    const terminal = new Terminal(args, { env });
    open.push(terminal);
    return terminal;
  };
  const shell = (script: string) =>
    spawnSync('bash', ['--norc', '-c', script, process.execPath, main], {
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
      timeout: 20_000,
    });

  it('starts a run, approves what it asks for, and prints its answer and nothing else', async () => {
    const { out } = await countersign(['run', request, '--agent', 'ops']);
    const runId = out.trim();
    const followed = countersign(['runs', 'follow', runId]);
    const [approval] = await eventually('the approval', async () => {
      const { data } = await json<{ data: Approval[] }>('approvals', 'list', '--run', runId);
      return data.length === 1 && data;
    });
    expect((await countersign(['approvals', 'approve', approval!.id, '--note', 'checked'])).code).toBe(0);
    const { code, out: answer } = await followed;
    expect({ code, answer }).toEqual({
      code: 0,
      answer: `${(await json<RunOutput>('runs', 'show', runId)).content}\n`,
    });
    expect(stack.deployments().map(({ service }) => service)).toContain('auth-service');
  });

  it('says what it reads as one JSON document', async () => {
    const { approval, run } = await pausedRun(stack.client);
    const [letter] = (await json<{ data: DeadLetter[] }>('dead-letters', 'list')).data;
    const reading = [
      ['approvals', 'list', '--all'],
      ['approvals', 'show', approval.id],
      ['runs', 'list'],
      ['runs', 'show', run.run_id],
      ['executions', 'list'],
      ['grants', 'list'],
      ['dead-letters', 'show', letter!.id],
      ['keys', 'list'],
      ['whoami'],
      ['doctor', '--remote'],
    ];
    const read = await Promise.all(reading.map((args) => json<object>(...args)));
    expect(read.map((each) => typeof each)).toEqual(reading.map(() => 'object'));
  });

  it('ends with a code that says what went wrong', async () => {
    const { approval } = await pausedRun(stack.client);
    await countersign(['approvals', 'reject', approval.id, '--reason', 'no']);
    const codes = await Promise.all([
      countersign(['approvals', 'list', '--frequently']),
      countersign(['approvals', 'list'], { env: { COUNTERSIGN_KEY: 'wrong' } }),
      countersign(['approvals', 'show', 'none']),
      countersign(['approvals', 'approve', approval.id]),
      countersign(['approvals', 'list', '--url', 'http://127.0.0.1:1', '--key', 'k']),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([2, 3, 4, 5, 6]);
    for (const { out, err } of codes) {
      expect(out).toBe('');
      expect(err).toMatch(/^\S[^\n]*\n([^\n]+\n)?$/);
    }
  });

  it('shows events and approvals while they happen, until Ctrl-C', async () => {
    const events = watching('events', 'tail', '--type', 'approval.*', '--last', '1');
    const approvals = watching('approvals', 'watch');
    // Once they show something of the past they are there.
    await Promise.all([events.shows('approval.'), approvals.shows('pending')]);
    const { approval, run } = await pausedRun(stack.client);
    await events.shows(new RegExp(`approval\\.created +${run.run_id} {2}ops deploy_to_production`));
    await approvals.shows(new RegExp(`pending +${approval.id}`));
    await stack.client.resolve(approval.id, 'rejected', 'grace');
    await events.shows(new RegExp(`approval\\.resolved +${run.run_id} .*status=rejected resolved_by=grace`));
    await approvals.shows(new RegExp(`rejected +${approval.id} .*by grace`));
    events.press(keys.interrupt);
    approvals.press(keys.interrupt);
    expect(await Promise.all([events.ended, approvals.ended])).toEqual([130, 130]);
    expect(events.text).not.toContain('run.started');
  });

  it('shows dead letters with what is in them, puts them back or lets them be', async () => {
    const { data } = await eventually('the dead letters', async () => {
      const found = await json<{ data: DeadLetter[] }>('dead-letters', 'list', '--topic', 'tool.execution_completed');
      return found.data.length >= 2 && found;
    });
    const [first, second] = data;
    const shown = await countersign(['dead-letters', 'show', first!.id]);
    expect(shown.out).toMatch(/^tool\.execution_completed {2}open\n[^]*Group +agent-runner\n[^]*"signature": "none"/);
    expect((await countersign(['dead-letters', 'replay', first!.id, '--note', 'again'])).out).toContain('replayed');
    expect((await countersign(['dead-letters', 'discard', second!.id])).out).toContain('discarded');
    expect((await countersign(['dead-letters', 'discard', first!.id])).code).toBe(5);
    // What is replayed and given up again is another one.
    await eventually('the other one', async () => {
      const { out } = await countersign(['dead-letters', 'list']);
      return /open/.test(out) && !out.includes(first!.id);
    });
  });

  it('holds every call by a kill switch, and lets go', async () => {
    expect((await countersign(['pause', '--reason', 'an incident'])).out).toContain(
      'every tool is paused: an incident',
    );
    expect((await countersign(['doctor', '--remote'])).out).toMatch(/! kill switches +paused: every tool/);
    expect((await countersign(['resume'])).out).toBe('Nothing is paused.\n');
  });

  it('finds what is wrong with an environment, and what is right', async () => {
    const good = await countersign(['doctor', '--config', 'countersign.yaml']);
    expect(good.out).toMatch(/✔ server[^]*✔ file +countersign\.yaml is sound: 3 agents/);
    expect(good.code).toBe(0);
    const bad = await countersign(['doctor', '--local'], {
      env: { KAFKA_BROKERS: '127.0.0.1:1', DECISION_VERIFICATION_KEYS: '{}' },
    });
    expect(bad.out).toMatch(/✘ Kafka[^]*→ Is a broker up at 127\.0\.0\.1:1[^]*✘ decision keys/);
    expect(bad.code).toBe(1);
  });

  it.skipIf(!brokers || !mongodb)('finds Kafka, its topics and MongoDB with the environment of a service', async () => {
    const { out, code } = await countersign(['doctor', '--local'], {
      env: { KAFKA_BROKERS: brokers!, MONGODB_URI: mongodb! },
    });
    expect(out).toMatch(/✔ Kafka +reached at [^]*[✔!] topics [^]*✔ MongoDB +can be read and written/);
    expect(code).toBe(0);
  });

  it('completes commands, options and ids in a shell that has nothing but itself', async () => {
    const { status, stdout, stderr } = shell(`
      eval "countersign() { '$0' '$1' \\"\\$@\\"; }"
      source <(countersign completion bash)
      COMP_WORDS=(countersign approvals appr) COMP_CWORD=2
      __countersign_complete 2>/dev/null
      echo "\${COMPREPLY[@]}"`);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'approve\n', stderr: '' });
    expect((await countersign(['complete', '--', 'approvals', 're'])).out).toContain('reject\t');
    expect((await countersign(['complete', '--', 'approvals', 'list', '--sta'])).out).toContain('--status');
    const { approval } = await pausedRun(stack.client);
    const ids = await countersign(['complete', '--', 'approvals', 'approve', approval.id.slice(0, 8)]);
    expect(ids.out).toContain(`${approval.id}\tdeploy_to_production service_name=auth-service version=2.1.0\n`);
    const nobody = await countersign(['complete', '--', 'approvals', 'approve', ''], {
      env: { COUNTERSIGN_KEY: 'wrong' },
    });
    expect(nobody).toEqual({ code: 0, out: ':4\n', err: '' });
  });

  it('has a script for other shells, and says how each of them reads it', async () => {
    const { out: help } = await countersign(['completion', '--help']);
    for (const name of ['bash', 'zsh', 'fish', 'powershell']) {
      expect(help).toContain(`countersign completion ${name}`);
      expect((await countersign(['completion', name])).out).toContain('countersign complete ');
    }
    const { out: zsh } = await countersign(['completion', 'zsh']);
    // By its first line zsh finds it in a directory of such scripts.
    expect(zsh).toMatch(/^#compdef countersign\n/);
    expect(zsh).toContain('functions[countersign]="${aliases[countersign]} \\"\\$@\\""\n');
  });

  it('stops quietly when nobody reads any more', () => {
    const { stdout, stderr } = shell('"$0" "$1" events tail --no-follow --json | head -n 1; echo ${PIPESTATUS[0]}');
    const [line, code] = stdout.trim().split('\n');
    expect(JSON.parse(line!)).toHaveProperty('type');
    expect({ code, stderr }).toEqual({ code: '0', stderr: '' });
  });
});
