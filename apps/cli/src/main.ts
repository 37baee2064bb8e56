#!/usr/bin/env node
import { exitCodes } from './connection/exit-codes.js';
import { run } from './program.js';

const { env, stdin, stdout, stderr } = process;

// Whoever reads may have had enough, as `head` does.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.on('SIGINT', () => {
  if (stderr.isTTY) stderr.write('\n');
  process.exit(exitCodes.interrupted);
});

process.exitCode = await run(process.argv.slice(2), { env, stdin, stdout, stderr });
