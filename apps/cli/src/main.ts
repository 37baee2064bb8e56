#!/usr/bin/env node
import { program } from './program.js';

await program({ env: process.env, out: console.log, fail: (code) => void (process.exitCode = code) })
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
