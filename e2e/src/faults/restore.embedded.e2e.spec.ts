import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { pausedRun, pendingOf } from '../world/flow.js';
import { EmbeddedStack } from '../world/stack.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = join(root, 'tools/recovery.sh');

/** The procedure of docs/operations.md, as its script does it. */
describe('A restore of the store', () => {
  const stack = new EmbeddedStack();
  const [data, backup, file] = ['data', 'backup', 'countersign.yaml'].map((name) => join(stack.dir, name)) as [
    string,
    string,
    string,
  ];
  beforeAll(() => {
    const rule =
      "{ name: by itself, when: { arguments: { service_name: { equals: 'docs' } } }, then: { approve: true } }";
    const text = readFileSync(join(root, 'countersign.yaml'), 'utf8').replaceAll(
      /(\.\/)?examples\//g,
      `${root}examples/`,
    );
    writeFileSync(file, text.replace('policies:\n', `policies:\n  rules: [${rule}]\n`));
    stack.set({ COUNTERSIGN_CONFIG: file });
    return stack.start();
  });
  afterAll(() => stack.close());

  /** The commands of an operator; what they start is started by the stack once the script is done. */
  async function recovery(what: 'begin' | 'finish', env: Record<string, string> = {}): Promise<void> {
    await stack.stop();
    const marks = { STOP: 'true', RESTORE: `rm -rf '${data}' && cp -a '${backup}' '${data}'`, START: 'true' };
    const { PATH = '' } = process.env;
    await promisify(execFile)('sh', [script, what], { env: { PATH, DATA_DIR: data, ...marks, ...env } });
  }

  it('has no call made by itself that was made since, nor one that people approve again, until it is over', async () => {
    const { run, approval } = await pausedRun(stack.client);
    const waiting = await pausedRun(stack.client);
    await stack.client.turn('pause', null);
    await stack.client.resolve(waiting.approval.id, 'approved', 'ada');
    await eventually('a call to wait', () => stack.client.executions.get(waiting.approval.id));
    const { session_id } = run;
    const byRule = await stack.client.startRun('Deploy docs version 1.0.1 to production.', { session_id });
    await stack.stop();
    cpSync(data, backup, { recursive: true });
    await stack.start();
    await stack.client.turn('resume', null);
    const keyed = ['Deploy docs version 1.0.2 to production.', { key: 'release-1.0.2' }] as const;
    const forgotten = await stack.client.startRun(...keyed);
    await stack.client.resolve(approval.id, 'approved', 'ada');
    for (const { run_id } of [run, waiting.run, byRule, forgotten])
      await stack.client.waitForRun(run_id, ['COMPLETED']);
    const [automatic] = (await stack.client.approvals.list({ run_id: byRule.run_id })).data;
    expect(automatic).toMatchObject({ status: 'approved', decisions: [], possibly_executed: null });
    await stack.client.turn('pause', null);
    const startsOf = ({ id }: { id: string }) =>
      stack.deployments().filter(({ release_id }) => release_id === id).length;
    const starts = () => [approval, waiting.approval, automatic!].map(startsOf);
    expect(starts()).toEqual([1, 1, 1]);

    await expect(recovery('begin')).rejects.toThrow('EXECUTION_HOLD');
    const hold = { EXECUTION_HOLD: 'restore of a test' };
    await recovery('begin', hold);
    stack.forgetKeys();
    stack.set(hold);
    await stack.start();
    await stack.client.resolve(approval.id, 'approved', 'ada');
    await eventually('the call to be held', async () => {
      const { held_by, status } = await stack.client.executions.get(approval.id);
      return status === 'queued' && held_by?.code === 'kill_switch';
    });
    // Whoever compares finds that it was made.
    await stack.client.executions.cancel(approval.id, 'It is there already.');
    expect(existsSync(backup)).toBe(true);
    // What the rules approved by themselves waits for a person, who is told why.
    const [anew] = await pendingOf(stack.client, byRule.run_id);
    expect(anew).toMatchObject({ possibly_executed: { code: 'recovering' }, policy: { outcome: 'approve' } });
    await stack.client.resolve(anew!.id, 'approved', 'ada', { result: 'It is there already.' });

    await recovery('finish');
    stack.set({ EXECUTION_HOLD: undefined });
    await stack.start();
    for (const { run_id } of [run, byRule]) await stack.client.waitForRun(run_id, ['COMPLETED']);
    // What waited when the backup was made waits for a person, who is told why.
    await stack.client.turn('resume', null);
    await eventually('the call that waited to be found', async () => {
      const { error, status } = await stack.client.executions.get(waiting.approval.id);
      return status === 'outcome_unknown' && error?.includes('before the store was restored');
    });
    // A request that comes again, and of which the restored store knows nothing, may have been seen to.
    const { run_id } = await stack.client.startRun(...keyed);
    expect(run_id).toBe(forgotten.run_id);
    const [repeated] = await pendingOf(stack.client, run_id);
    expect(repeated).toMatchObject({ possibly_executed: { code: 'set_back' }, policy: { outcome: 'approve' } });
    expect(starts()).toEqual([1, 1, 1]);
  });
});
