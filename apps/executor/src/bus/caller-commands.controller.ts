import { actOf, CommandGuard } from '@countersign/auth';
import type { Event } from '@countersign/contracts';
import { OnEvent, Refusals } from '@countersign/service';
import { Controller, Inject } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { CallerClaims, type ClaimOutcome } from '../dispatch/caller-claims.js';
import { Executions } from '../execution/executions.js';

/**
 * The decision comes over a topic of its own, so that whoever has read it may claim the call before it is known here.
 * It holds up what comes after it, and so is short.
 */
const decisionTakesMs = 2_000;
const lookEveryMs = 50;

/**
 * Claims and reports of external agents over the bus, by the same rules as over HTTP. One that counts is answered by the
 * events of the execution, and another with the reason. A message that comes again has no further effect: what keeps a
 * lease is a sign of life, and not a copy of one.
 */
@Controller()
export class CallerCommandsController {
  constructor(
    @Inject(CallerClaims) private readonly claims: CallerClaims,
    @Inject(Executions) private readonly executions: Executions,
    @Inject(CommandGuard) private readonly commands: CommandGuard,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {}

  @OnEvent('executor', 'tool.claim_requested')
  async claim(event: Event<'tool.claim_requested'>): Promise<void> {
    const { approval_id, claim } = event.data;
    await this.commands.once(event, async (sender) => {
      await this.#decisionKnown(approval_id);
      const extended = await this.claims.extend(approval_id, { claim }, sender.subject);
      if ('ok' in extended) return;
      const act = actOf(sender, event);
      await this.#answer(event, await this.claims.claim(approval_id, { claim }, sender.subject, act));
    });
  }

  @OnEvent('executor', 'tool.report_requested')
  async report(event: Event<'tool.report_requested'>): Promise<void> {
    const { approval_id, claim, digest, outcome, result } = event.data;
    await this.commands.once(event, async (sender) => {
      const report = { claim, digest, outcome, result };
      const act = actOf(sender, event);
      await this.#answer(event, await this.claims.report(approval_id, report, sender.subject, act));
    });
  }

  async #decisionKnown(id: string): Promise<void> {
    for (let left = decisionTakesMs; left > 0; left -= lookEveryMs) {
      if (await this.executions.store.get(id)) return;
      await pause(lookEveryMs);
    }
  }

  async #answer(command: Command, outcome: ClaimOutcome): Promise<void> {
    if ('ok' in outcome) return;
    const { code, message, retry_after } = outcome;
    const reason = retry_after === undefined ? message : `${message} Try again in ${retry_after} s.`;
    await this.refusals.publish(command, { code, reason });
  }
}

type Command = Event<'tool.claim_requested'> | Event<'tool.report_requested'>;
