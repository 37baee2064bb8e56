import type { TeamsChannel } from '@countersign/definitions';
import { postJson, type PostOptions } from '../post-json.js';
import { digestWording } from '../digest/wording.js';
import type { Digest, Notice, Sender, SendOutcome } from '../sender.js';
import { wordingOf } from '../wording.js';
import { teamsDigest, teamsMessage } from './message.js';

export interface TeamsSenderOptions extends PostOptions {
  teams: TeamsChannel['teams'];
}

/** Posts cards to a channel of Microsoft Teams, through a workflow that waits for them. It decides nothing. */
export class TeamsSender implements Sender {
  constructor(private readonly options: TeamsSenderOptions) {}

  send({ approval, delivery }: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const { teams, ...options } = this.options;
    return postJson(teams.url, teamsMessage(wordingOf(approval, delivery.kind, teams.base_url)), signal, options);
  }

  sendDigest({ approvals }: Digest, signal: AbortSignal): Promise<SendOutcome> {
    const { teams, ...options } = this.options;
    return postJson(teams.url, teamsDigest(digestWording(approvals, teams.base_url)), signal, options);
  }
}
