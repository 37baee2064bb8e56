import { Command } from 'commander';
import { keysCommand } from './keys.js';
import { policyCommand } from './policy.js';

/** What a command works with, besides its arguments. */
export interface Surroundings {
  env: Record<string, string | undefined>;
  out(line: string): void;
  /** The exit code, when it is not 0. */
  fail(code: number): void;
}

export const program = (surroundings: Surroundings): Command =>
  new Command('countersign')
    .description('Keys and rules of a Countersign installation.')
    .addCommand(policyCommand(surroundings))
    .addCommand(keysCommand(surroundings));
