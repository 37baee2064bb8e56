import { actOf, CommandGuard } from '@countersign/auth';
import type { Event } from '@countersign/contracts';
import { OnEvent, Refusals } from '@countersign/service';
import { Controller, Inject } from '@nestjs/common';
import { AwaitedDecisions } from '../dispatch/awaited-decisions.js';
import { CallerClaims, unknown, type ClaimOutcome } from '../dispatch/caller-claims.js';
import { Executions } from '../execution/executions.js';

/**
 * Claims and reports of external agents over the bus, by the same rules as over HTTP. One that counts is answered by the
 * events of the execution, and another with the reason. A message that comes again has no further effect: what keeps a
 * lease is a sign of life, and not a copy of one.
 */
@Controller()
export class CallerCommandsController {
  readonly #decisions: AwaitedDecisions;

  constructor(
    @Inject(CallerClaims) private readonly claims: CallerClaims,
    @Inject(Executions) executions: Executions,
    @Inject(CommandGuard) private readonly commands: CommandGuard,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {
    this.#decisions = new AwaitedDecisions(executions.store, most);
  }

  @OnEvent('executor', 'tool.claim_requested')
  async claim(event: Event<'tool.claim_requested'>): Promise<void> {
    const { approval_id, claim } = event.data;
    await this.commands.once(event, async (sender) => {
      if (!(await this.#decisions.isKnown(approval_id))) return this.#answer(event, unknown(approval_id));
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

  async #answer(command: Command, outcome: ClaimOutcome): Promise<void> {
    if ('ok' in outcome) return;
    const { code, message, retry_after } = outcome;
    const reason = retry_after === undefined ? message : `${message} Try again in ${retry_after} s.`;
    await this.refusals.publish(command, { code, reason });
  }
}

/** Messages are handled in few places, and another claim is another command: 2.5 s. */
const most = { waiting: 8, looks: 8 };

type Command = Event<'tool.claim_requested'> | Event<'tool.report_requested'>;
