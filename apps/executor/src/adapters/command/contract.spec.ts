import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandAdapter } from './command.js';
import { describeAdapter } from '../../../test/adapter.contract.js';

const scripts = {
  succeeds: 'console.log("done")',
  fails: 'console.log("no disk"); process.exit(1)',
  never: 'setInterval(() => {}, 1_000)',
};

describeAdapter('a program', {
  async open(what) {
    const ledger = join(mkdtempSync(join(tmpdir(), 'countersign-contract-')), 'ledger');
    const script = `require('node:fs').appendFileSync(${JSON.stringify(ledger)}, 'x'); ${scripts[what]}`;
    const adapter = new CommandAdapter({
      program: process.execPath,
      args: () => ['-e', script],
      env: {},
      timeoutMs: what === 'never' ? 2_000 : 20_000,
      graceMs: 200,
    });
    return { adapter, made: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').length : 0) };
  },
});
