import type { Principal } from '@countersign/auth';
import { TerminalError, type Event, type Log } from '@countersign/contracts';
import { OnEvent } from '@countersign/messaging';
import { Controller, Inject } from '@nestjs/common';
import { Switches } from './switches.js';
import { COMMAND_VERIFIER, LOG } from './tokens.js';

/** Who sends a command, by the token in it. */
export interface CommandVerifier {
  /** @throws AuthError when the token is none, or over. */
  verify(token: string): Promise<Principal>;
}

/** Kill switches over the bus. A command of somebody who may not ends in the dead letters, with the reason. */
@Controller()
export class SwitchEventsController {
  constructor(
    @Inject(Switches) private readonly switches: Switches,
    @Inject(COMMAND_VERIFIER) private readonly commands: CommandVerifier,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @OnEvent('executor', 'tool.pause_requested')
  async pause(event: Event<'tool.pause_requested'>): Promise<void> {
    const { tool_name, reason } = event.data;
    await this.#turn(event, (by, at) => this.switches.turn({ type: 'paused', tool_name, reason, by, at }));
  }

  @OnEvent('executor', 'tool.resume_requested')
  async resume(event: Event<'tool.resume_requested'>): Promise<void> {
    const { tool_name } = event.data;
    await this.#turn(event, (by, at) => this.switches.turn({ type: 'resumed', tool_name, by, at }));
  }

  async #turn(event: Command, turn: (by: string, at: number) => Promise<unknown>): Promise<void> {
    const at = Date.parse(event.time);
    // Its token may be over by the time a command arrives again; it has been obeyed, or overruled.
    if (await this.switches.wasOverruled(event.data.tool_name, at)) return;
    const by = await this.#sender(event.data);
    await turn(by, at);
    this.log.info({ by, tool_name: event.data.tool_name, command: event.type }, 'a kill switch is turned');
  }

  async #sender({ token }: Command['data']): Promise<string> {
    if (token === undefined) throw new TerminalError('The command has no token; POST /auth/tokens makes one.');
    const principal = await this.commands.verify(token).catch(refuse);
    if (principal.scopes.has('executions:write')) return principal.subject;
    throw new TerminalError(`${principal.subject} may not do this: it needs the scope executions:write.`);
  }
}

type Command = Event<'tool.pause_requested'> | Event<'tool.resume_requested'>;

function refuse(error: unknown): never {
  if (error instanceof Error && error.name === 'AuthError') throw new TerminalError(error.message);
  throw error;
}
