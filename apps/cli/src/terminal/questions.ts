import type { Option } from '@clack/prompts';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { CliEnvironment } from '../connection/environment.js';

interface Terminal {
  input: CliEnvironment['stdin'];
  output: CliEnvironment['stderr'];
  signal: AbortSignal;
}

interface TextOptions {
  /** Says what is wrong with an answer. */
  check(text: string): string | undefined;
  /** What is there to begin with. */
  initial?: string | undefined;
}

/** Asks whoever sits at the terminal. Answers are undefined once the questions are over. */
export class Questions {
  readonly #environment: CliEnvironment;
  readonly #over: AbortSignal | undefined;

  /** @param over ends an open question whose answer is no longer needed. */
  constructor(environment: CliEnvironment, over?: AbortSignal) {
    this.#environment = environment;
    this.#over = over;
  }

  async choose<T extends string>(message: string, options: { value: T; label: string }[]): Promise<T | undefined> {
    const { select } = await import('@clack/prompts');
    return this.#ask((terminal) => select<T>({ ...terminal, message, options: options as Option<T>[] }));
  }

  async text(message: string, { check, initial }: TextOptions): Promise<string | undefined> {
    const { text } = await import('@clack/prompts');
    const validate = (answer: string | undefined) => check(answer ?? '');
    return this.#ask((terminal) =>
      text({ ...terminal, message, validate, defaultValue: '', ...(initial && { initialValue: initial }) }),
    );
  }

  async secret(message: string): Promise<string | undefined> {
    const { password } = await import('@clack/prompts');
    return this.#ask((terminal) => password({ ...terminal, message }));
  }

  /** @throws Failure when it was answered with Ctrl-C. */
  async #ask<T extends string>(question: (terminal: Terminal) => Promise<T | symbol>): Promise<T | undefined> {
    // Its own, since a question that has been answered must hear no more of it.
    const asking = new AbortController();
    const stop = () => asking.abort();
    if (this.#over?.aborted) return undefined;
    this.#over?.addEventListener('abort', stop);
    const { stdin: input, stderr: output } = this.#environment;
    const answer = await question({ input, output, signal: asking.signal }).finally(() =>
      this.#over?.removeEventListener('abort', stop),
    );
    if (typeof answer === 'string') return answer;
    if (asking.signal.aborted) return undefined;
    throw new Failure(exitCodes.interrupted, 'Interrupted.');
  }
}
