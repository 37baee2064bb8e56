import { CurrentPrincipal, Recorded, RequireScopes, type Principal } from '@countersign/auth';
import { PushSubscription, PushSubscriptionList, SubscribeRequest } from '@countersign/contracts/deliveries';
import { ProblemError } from '@countersign/contracts/problems';
import { Returns } from '@countersign/service';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import type { z } from 'zod';
import { PUSH_KEY } from '../../tokens.js';
import { problemWith, shownSubscription } from './subscription.js';
import { Subscriptions } from './subscriptions.js';

/** The browsers in which people are told of approvals. */
@Controller('push-subscriptions')
export class PushSubscriptionsController {
  constructor(
    @Inject(Subscriptions) private readonly subscriptions: Subscriptions,
    @Inject(PUSH_KEY) private readonly publicKey: () => Promise<string | null>,
  ) {}

  @Get()
  @RequireScopes('approvals:write')
  @Returns(200, PushSubscriptionList, 'Those of whoever asks, newest first, and the key to subscribe with.')
  async list(@CurrentPrincipal() who: Principal): Promise<z.infer<typeof PushSubscriptionList>> {
    const [public_key, own] = await Promise.all([this.publicKey(), this.subscriptions.of(who)]);
    return { public_key, data: own.map(shownSubscription) };
  }

  @Post()
  @Recorded()
  @RequireScopes('approvals:write')
  @HttpCode(201)
  @Returns(201, PushSubscription, 'The browser is told from now on, until whoever sends this signs out.')
  async subscribe(
    @Body({ schema: SubscribeRequest }) body: SubscribeRequest,
    @CurrentPrincipal() who: Principal,
  ): Promise<PushSubscription> {
    const problem = problemWith(body);
    if (problem !== null) throw new ProblemError('push_not_possible', problem);
    if (who.credential.via !== 'session')
      throw new ProblemError('push_not_possible', 'Browsers subscribe, in which somebody has signed in.');
    if ((await this.publicKey()) === null)
      throw new ProblemError('push_not_possible', 'No channel of Web Push is declared here.');
    return shownSubscription(await this.subscriptions.add(body, who));
  }

  @Delete(':id')
  @Recorded()
  @RequireScopes('approvals:write')
  @HttpCode(204)
  @Returns(204, undefined, 'It is told no more.')
  async remove(@Param('id') id: string, @CurrentPrincipal() who: Principal): Promise<void> {
    await this.subscriptions.remove(id, who);
  }
}
