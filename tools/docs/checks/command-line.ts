import { Readable, Writable } from 'node:stream';
import { expect } from 'vitest';
import { commandLine } from '../../../apps/cli/src/program.js';

/** The command and its options are those of the program, which parses them and does nothing. */
export async function checkCommandLine(args: readonly string[]): Promise<void> {
  let said = '';
  const output = () =>
    new Writable({
      write(chunk, _encoding, done) {
        said += String(chunk);
        done();
      },
    });
  if (args[0] === 'completion') return expect(args[1]).toMatch(/^(bash|zsh|fish|powershell|--help)$/);
  let acted = false;
  const on = () => async () => void (acted = true);
  const environment = { env: {}, stdin: Readable.from([]), stdout: output(), stderr: output() };
  try {
    await commandLine(on, environment).program.parseAsync(args, { from: 'user' });
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code.startsWith('commander.help')) return;
    throw new Error(`countersign ${args.join(' ')}: ${said}`, { cause: error });
  }
  expect(acted, `countersign ${args.join(' ')} does nothing`).toBe(true);
}
