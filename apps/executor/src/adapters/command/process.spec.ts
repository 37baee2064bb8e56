import childProcess, { type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgramOutput } from './output.js';
import { runProgram } from './process.js';

const run = (signal = new AbortController().signal) => {
  const output = new ProgramOutput({ maxOutput: 100, mask: (text) => text, progress() {} });
  return runProgram({ program: 'deploy', args: [], env: {} }, { timeoutMs: 1_000, signal, graceMs: 10, output });
};

describe('a program', () => {
  const spying = () => vi.spyOn(childProcess, 'spawn');
  let spawn: ReturnType<typeof spying>;
  beforeEach(() => {
    spawn = spying();
    syncBuiltinESMExports();
  });
  afterEach(() => {
    spawn.mockRestore();
    syncBuiltinESMExports();
  });

  it.each(['EMFILE', 'ENFILE'])(
    'was not started, and may be later, where there is no descriptor left: %s',
    async (code) => {
      spawn.mockImplementation(() => {
        // As Node does: without streams, and the error comes later.
        const child = new EventEmitter() as ChildProcess;
        process.nextTick(() => child.emit('error', Object.assign(new Error(`spawn deploy ${code}`), { code })));
        return child;
      });
      expect(await run()).toEqual({
        type: 'not_started',
        reason: `deploy could not be started: spawn deploy ${code}`,
        may_pass: true,
      });
    },
  );

  it('is not started when it was stopped before', async () => {
    expect(await run(AbortSignal.abort())).toMatchObject({ type: 'not_started', may_pass: false });
    expect(spawn).not.toHaveBeenCalled();
  });
});
