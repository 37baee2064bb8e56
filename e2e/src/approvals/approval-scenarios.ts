import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { busScenarios } from './bus.js';
import { grantScenarios } from './grants.js';
import { peopleScenarios } from './people.js';
import { ruleScenarios } from './rules.js';
import { lookingScenarios } from './looking.js';
import { retentionScenarios } from './retention.js';
import { slackScenarios } from './slack.js';
import { startSlack, type Slack } from '../world/slack.js';
import { timeScenarios } from './time.js';
import { startReceiver, type WebhookReceiver } from '../world/webhook-receiver.js';
import { World, type MakeStack } from '../world/world.js';

/** What is promised of approvals: who decides, by which rules, and until when. Told once and held on every stack. */
export function describeApprovalScenarios(name: string, makeStack: MakeStack): void {
  describe(`Approvals on ${name}`, () => {
    const secret = `whsec_${randomBytes(24).toString('base64')}`;
    const slackSecret = randomBytes(16).toString('hex');
    const secrets = { WEBHOOK_SECRET: secret, SLACK_SECRET: slackSecret };
    const world = new World(makeStack, secrets, 'approvals.yaml');
    let receiver: WebhookReceiver;
    let slack: Slack;
    beforeAll(async () => {
      [receiver, slack] = [await startReceiver(secret), await startSlack(slackSecret)];
      world.redefine('http://127.0.0.1:1/', receiver.url);
      world.redefine('http://127.0.0.1:2/', slack.url);
      await world.open();
    }, 120_000);
    afterEach(() => world.stack?.start());
    afterAll(async () => {
      await world.close();
      await Promise.all([receiver?.stop(), slack?.stop()]);
    });

    ruleScenarios(world);
    peopleScenarios(world);
    grantScenarios(world);
    busScenarios(world, () => receiver.received);
    slackScenarios(world, () => slack);
    timeScenarios(world);
    lookingScenarios(world);
    retentionScenarios(world);
  });
}
