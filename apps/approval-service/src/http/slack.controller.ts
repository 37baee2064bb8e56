import { principalOf, Public } from '@countersign/auth';
import { ProblemError } from '@countersign/contracts/problems';
import type { Clock } from '@countersign/contracts/time';
import type { SlackChannel } from '@countersign/definitions';
import { Returns } from '@countersign/service';
import { Controller, HttpCode, Inject, Param, Post, Req, type RawBodyRequest } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Decisions } from '../decisions/decisions.js';
import { answerInteraction, interactionOf, notShown, type Interaction } from '../notify/slack/interaction.js';
import { personOf } from '../notify/slack/people.js';
import { verifySlackRequest } from '../notify/slack/signature.js';
import { CLOCK, SLACK_CHANNELS } from '../tokens.js';

type SignedRequest = Pick<RawBodyRequest<FastifyRequest>, 'rawBody' | 'headers'>;

/** What comes back from Slack. Its signature says that it is Slack's, and the channel says who a user of Slack is here. */
@Controller('channels')
export class SlackController {
  constructor(
    @Inject(Decisions) private readonly decisions: Decisions,
    @Inject(SLACK_CHANNELS) private readonly channels: ReadonlyMap<string, SlackChannel>,
    @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Post(':name/slack')
  @Public()
  @HttpCode(200)
  @Returns(200, z.unknown(), 'The button press is handled; a refusal is shown in Slack to whoever pressed it.')
  async interact(@Param('name') name: string, @Req() request: SignedRequest): Promise<void> {
    // Who a user of Slack is here, somebody may have changed elsewhere.
    await this.decisions.fresh();
    const channel = this.channels.get(name);
    if (!channel)
      throw new ProblemError(
        'channel_not_found',
        `There is no Slack channel "${name}" in the file that declares channels.`,
      );
    const body = request.rawBody ?? Buffer.alloc(0);
    if (!verifySlackRequest(channel.slack.signing_secret, request.headers, body, this.now()))
      throw new ProblemError(
        'not_signed_by_slack',
        "This is not signed with the channel's signing_secret, or is too old.",
      );
    const interaction = interactionOf(body);
    if (!interaction) return;
    const who = await personOf(channel, interaction.slack_user);
    const refusal = 'refusal' in who ? who.refusal : await this.#decide(interaction, who.subject, channel);
    if (refusal !== undefined) await answerInteraction(interaction, refusal);
  }

  /** @returns why it did not count. */
  async #decide(interaction: Interaction, subject: string, channel: SlackChannel): Promise<string | undefined> {
    const { approval_id, verdict, digest } = interaction;
    const approval = await this.decisions.find(approval_id);
    const hidden = approval && notShown(approval, interaction, channel);
    if (hidden !== undefined) return hidden;
    // Who may decide in Slack is said by the channel; groups come from the rules, which name people.
    const who = principalOf({ subject, roles: ['approver'], groups: [] }, 'channel');
    const decided = await this.decisions.decide(approval_id, { status: verdict, digest }, who);
    return 'ok' in decided ? undefined : decided.message;
  }
}
