import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import type { Millis } from '@countersign/contracts/time';
import type { Transporter } from 'nodemailer';
import type { EmailChannel } from '@countersign/definitions';
import { digestWording } from '../digest/wording.js';
import { emailDigest, emailMessage } from './message.js';
import {
  failedForGood,
  failedForNow,
  problemOf,
  type Digest,
  type Notice,
  type Sender,
  type SendOutcome,
} from '../sender.js';
import { wordingOf } from '../wording.js';

export interface EmailSenderOptions {
  email: EmailChannel['email'];
  timeoutMs?: Millis;
}

/** Sends a message to people over SMTP. */
export class EmailSender implements Sender {
  readonly #email: EmailChannel['email'];
  readonly #timeoutMs: Millis;
  #transport: Promise<Transporter> | undefined;

  constructor({ email, timeoutMs = 10_000 }: EmailSenderOptions) {
    this.#email = email;
    this.#timeoutMs = timeoutMs;
  }

  send({ approval, delivery }: Notice, signal: AbortSignal): Promise<SendOutcome> {
    return this.#mail(emailMessage(wordingOf(approval, delivery.kind, this.#email.base_url)), delivery, signal);
  }

  sendDigest({ approvals, delivery }: Digest, signal: AbortSignal): Promise<SendOutcome> {
    return this.#mail(emailDigest(digestWording(approvals, this.#email.base_url)), delivery, signal);
  }

  async #mail(
    message: ReturnType<typeof emailMessage>,
    delivery: NoticeDelivery,
    signal: AbortSignal,
  ): Promise<SendOutcome> {
    const { from, to } = this.#email;
    const mail = {
      ...message,
      from,
      to,
      // The same on every attempt, so that a program can tell that it has the message already.
      messageId: `<${delivery.id}@${domainOf(from)}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]),
    };
    try {
      const transport = await (this.#transport ??= this.#open());
      const { rejected = [], response } = await transport.sendMail(mail);
      const refused = rejected.length > 0 ? `; refused for ${rejected.join(', ')}` : '';
      return { type: 'sent', detail: `${response}${refused}`, receipt: null };
    } catch (error) {
      return isFinal(error) ? failedForGood(problemOf(error)) : failedForNow(problemOf(error));
    }
  }

  /** Its client is loaded with the first message, since most installations send none. */
  async #open(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      url: this.#email.smtp_url,
      connectionTimeout: this.#timeoutMs,
      greetingTimeout: this.#timeoutMs,
      socketTimeout: this.#timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }
}

/** Replies of 500 and above say not to try the same again. */
const isFinal = (error: unknown): boolean =>
  error instanceof Error && 'responseCode' in error && Number(error.responseCode) >= 500;

const domainOf = (from: string): string => /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'countersign.invalid';
