import { ApiError, CountersignClient } from '@countersign/client';
import { shapes } from '@countersign/client/shapes';
import type { Command } from 'commander';
import { connectionOf, type Connection, type ConnectionOptions } from './connection.js';
import { exitCodes, Failure, type ExitCode } from './exit-codes.js';
import { failureOf } from './failure-of.js';
import { Screen, type ScreenOptions } from '../terminal/screen.js';
import type { CliEnvironment } from './environment.js';

/** Understood by every command. */
export type GlobalOptions = ConnectionOptions & ScreenOptions;

/** What a command works with, besides its arguments. */
export class Context {
  readonly screen: Screen;

  constructor(
    readonly environment: CliEnvironment,
    readonly options: GlobalOptions,
  ) {
    this.screen = new Screen(environment, options);
  }

  get connection(): Connection {
    return connectionOf(this.options, this.environment.env);
  }

  get client(): CountersignClient {
    return clientOf(this.connection);
  }

  /** What an error of the client means here; any other as it is. */
  explained(error: unknown): unknown {
    return error instanceof ApiError ? failureOf(error, this.connection.url) : error;
  }
}

/** The client of whoever is signed in. It throws where no one is. */
export const clientOf = ({ url, key }: Connection): CountersignClient =>
  new CountersignClient({
    url,
    shapes,
    key() {
      if (key !== undefined) return key;
      throw new Failure(exitCodes.forbidden, `There is no key for ${url}. Sign in: countersign login --url ${url}`);
    },
  });

/** Makes an action of commander from one that receives its context and may end with a code. */
export type On = <A extends unknown[]>(
  act: (context: Context, ...args: A) => Promise<ExitCode | void>,
) => (...args: [...A, Command]) => Promise<void>;

export const actionsIn =
  (environment: CliEnvironment, end: (code: ExitCode) => void): On =>
  <A extends unknown[]>(act: (context: Context, ...args: A) => Promise<ExitCode | void>) =>
  async (...args: [...A, Command]) => {
    const command = args.at(-1) as Command;
    const context = new Context(environment, command.optsWithGlobals<GlobalOptions>());
    const code = await act(context, ...(args.slice(0, -1) as A)).catch((error: unknown) => {
      throw context.explained(error);
    });
    if (code !== undefined) end(code);
  };
