import { actOf, CommandGuard } from '@countersign/auth';
import type { Event, Log } from '@countersign/contracts';
import { type EpochMillis, atMillis } from '@countersign/contracts/time';
import { OnEvent, Refusals } from '@countersign/service';
import { Controller, Inject } from '@nestjs/common';
import { Switches } from './switches.js';
import { LOG } from '../tokens.js';

/** Kill switches over the bus. A command that does not count is answered with the reason, and does not count later either. */
@Controller()
export class SwitchEventsController {
  constructor(
    @Inject(Switches) private readonly switches: Switches,
    @Inject(CommandGuard) private readonly commands: CommandGuard,
    @Inject(Refusals) private readonly refusals: Refusals,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @OnEvent('executor', 'tool.pause_requested')
  async pause(event: Event<'tool.pause_requested'>): Promise<void> {
    const { tool_name, reason } = event.data;
    await this.#turn(event, (by, at, act) => this.switches.turn({ type: 'paused', tool_name, reason, by, at }, act));
  }

  @OnEvent('executor', 'tool.resume_requested')
  async resume(event: Event<'tool.resume_requested'>): Promise<void> {
    const { tool_name } = event.data;
    await this.#turn(event, (by, at, act) => this.switches.turn({ type: 'resumed', tool_name, by, at }, act));
  }

  async #turn(
    event: Command,
    turn: (by: string, at: EpochMillis, act: ReturnType<typeof actOf>) => Promise<unknown>,
  ): Promise<void> {
    const at = atMillis(Date.parse(event.time));
    if (await this.switches.wasOverruled(event.data.tool_name, at)) return;
    const { tool_name } = event.data;
    // Whoever writes the message says when that was: in a time to come, it would be the last word for as long.
    await this.commands.once(event, async (sender) => {
      const by = sender.subject;
      const problem = await this.switches.problemWith(tool_name);
      if (problem !== undefined)
        return this.refusals.publish(event, { reason: problem, code: 'tool_not_executed_here' });
      await turn(by, at, actOf(sender, event));
      this.log.info({ by, tool_name, command: event.type }, 'kill switch changed');
    });
  }
}

type Command = Event<'tool.pause_requested'> | Event<'tool.resume_requested'>;
