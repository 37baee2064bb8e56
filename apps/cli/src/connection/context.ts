import type { Command } from 'commander';
import { connectionOf, type ConnectionOptions } from './connection.js';
import type { ExitCode } from './exit-codes.js';
import { Screen, type ScreenOptions } from '../terminal/screen.js';
import { Server } from '../commands/server.js';
import type { CliEnvironment } from './environment.js';

/** Understood by every command. */
export type GlobalOptions = ConnectionOptions & ScreenOptions;

/** What a command works with, besides its arguments. */
export class Context {
  readonly screen: Screen;

  constructor(
    readonly surroundings: CliEnvironment,
    readonly options: GlobalOptions,
  ) {
    this.screen = new Screen(surroundings, options);
  }

  get server(): Server {
    return new Server(connectionOf(this.options, this.surroundings.env));
  }
}

/** Makes an action of commander from one that is told its context and may end with a code. */
export type On = <A extends unknown[]>(
  act: (context: Context, ...args: A) => Promise<ExitCode | void>,
) => (...given: [...A, Command]) => Promise<void>;

export const actionsIn =
  (surroundings: CliEnvironment, end: (code: ExitCode) => void): On =>
  <A extends unknown[]>(act: (context: Context, ...args: A) => Promise<ExitCode | void>) =>
  async (...given: [...A, Command]) => {
    const command = given.at(-1) as Command;
    const context = new Context(surroundings, command.optsWithGlobals<GlobalOptions>());
    const code = await act(context, ...(given.slice(0, -1) as A));
    if (code !== undefined) end(code);
  };
