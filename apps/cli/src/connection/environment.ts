import type { Readable, Writable } from 'node:stream';

type Input = Readable & { isTTY?: boolean };
export type Output = Writable & { isTTY?: boolean; columns?: number };

/** The world around the program. */
export interface CliEnvironment {
  env: Record<string, string | undefined>;
  stdin: Input;
  /** For the requested output, and nothing else. */
  stdout: Output;
  /** For people: progress, errors, prompts. */
  stderr: Output;
}
