import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import type { SlackChannel } from '@countersign/definitions';
import { failedForNow, type Digest, type Notice, type Sender, type SendOutcome } from '../sender.js';
import { digestWording } from '../digest/wording.js';
import { SlackApi, type SlackApiOptions } from './api.js';
import { slackDigest, slackMessage } from './message.js';
import { wordingOf } from '../wording.js';

export interface SlackSenderOptions extends Omit<SlackApiOptions, 'token' | 'url'> {
  channel: SlackChannel;
}

const lookAgainMs = 5_000;

/** Messages that cannot be changed any more, so that nothing is left to do. */
const unchangeable = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

/** Posts messages with buttons, and takes the buttons away when there is an outcome. */
export class SlackSender implements Sender {
  readonly #channel: SlackChannel;
  readonly #api: SlackApi;

  constructor({ channel, ...api }: SlackSenderOptions) {
    this.#channel = channel;
    const { api_url: url, bot_token: token } = channel.slack;
    this.#api = new SlackApi({ ...api, url, token });
  }

  async send(notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    return notice.delivery.kind === 'resolved' ? this.#resolve(notice, signal) : this.#post(notice, signal);
  }

  /** Nothing of it changes with an outcome, so that nobody has to know where it is. */
  async sendDigest({ approvals }: Digest, signal: AbortSignal): Promise<SendOutcome> {
    const { base_url, channel } = this.#channel.slack;
    const message = slackDigest(digestWording(approvals, base_url));
    const answer = await this.#api.call('chat.postMessage', { channel, ...message }, signal);
    return answer.ok ? { type: 'sent', detail: `${approvals.length} together`, receipt: null } : answer.outcome;
  }

  async #post({ approval, delivery }: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const { base_url, channel } = this.#channel.slack;
    const message = slackMessage(approval, wordingOf(approval, delivery.kind, base_url));
    const answer = await this.#api.call('chat.postMessage', { channel, ...message }, signal);
    if (!answer.ok) return answer.outcome;
    return { type: 'sent', detail: null, receipt: { channel: answer.channel, ts: answer.ts } };
  }

  async #resolve(notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const earlier = (await notice.deliveries()).filter(({ kind }) => kind !== 'resolved');
    if (earlier.some(({ status }) => status === 'sending'))
      return failedForNow('an earlier message is being sent, whose buttons have to go too', lookAgainMs);
    const posted = earlier.filter(({ receipt }) => receipt !== null);
    for (const message of posted) {
      const failure = await this.#update(notice, message, signal);
      if (failure) return failure;
    }
    if (this.#channel.on.includes('resolved')) return this.#post(notice, signal);
    if (posted.length === 0) return { type: 'not_needed', detail: 'there is no message to change' };
    return { type: 'sent', detail: `${posted.length} changed`, receipt: null };
  }

  /** Doing it again does no harm. @returns why it failed, if it did. */
  async #update(
    { approval }: Notice,
    { kind, receipt }: NoticeDelivery,
    signal: AbortSignal,
  ): Promise<SendOutcome | null> {
    const message = slackMessage(approval, wordingOf(approval, kind, this.#channel.slack.base_url));
    const answer = await this.#api.call('chat.update', { ...receipt, ...message }, signal);
    return answer.ok || unchangeable.has(answer.error) ? null : answer.outcome;
  }
}
