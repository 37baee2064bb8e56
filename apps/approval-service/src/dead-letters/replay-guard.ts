import {
  actingServices,
  catalogue,
  isEventName,
  type ActingService,
  type Event,
  type EventName,
} from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { toEpochMillis } from '@countersign/contracts/time';
import { decode } from '@countersign/messaging';
import { isRunEnd, type DecisionGuard, type RequestGuard } from '@countersign/signing';
import type { DeadLetterRecord } from './dead-letter.js';

export interface ReplayGuardOptions {
  decisions: Pick<DecisionGuard, 'examine'>;
  requests: Pick<RequestGuard, 'policy' | 'problemWithRequest' | 'problemWithEnd'>;
}

const is = <N extends EventName>(event: Event, name: N): event is Event<N> => event.type === name;

/**
 * Tells which dead letters may be handed on. Whoever can write dead letters may never have been able to write to the
 * topic that one names, and a replay is written by this service: so only what carries a verifiable sender is redelivered,
 * and its handlers verify it once more.
 */
export class ReplayGuard {
  constructor(private readonly options: ReplayGuardOptions) {}

  /** Why it must not be handed on, in a sentence. @throws RetryableError while keys cannot be fetched */
  async problemWith(letter: DeadLetterRecord): Promise<string | undefined> {
    const { topic } = letter;
    if (!isHandled(topic)) return `No service handles "${topic}", so nothing is written there.`;
    try {
      return await this.#problemWith(decode(deliveryOf(letter)));
    } catch (error) {
      if (error instanceof TerminalError) return `It would become a dead letter again: ${error.message}`;
      throw error;
    }
  }

  async #problemWith(event: Event): Promise<string | undefined> {
    const { decisions, requests } = this.options;
    if (is(event, 'tool.approval_required'))
      return requests.policy === 'trusted' ? trusted : requests.problemWithRequest(event.data);
    const end: { type: EventName } = event;
    if (isRunEnd(end)) return requests.policy === 'trusted' ? trusted : requests.problemWithEnd(end);
    if (is(event, 'approval.resolved')) {
      // One that came too late is authentic, and its run learns so.
      const verdict = await decisions.examine(event.data);
      return verdict.kind === 'not_authentic' ? verdict.reason : undefined;
    }
    const { from } = catalogue[event.type];
    if (from === 'anyone') return hasText(event.data, 'token') ? undefined : unknown('the command has no token');
    return from === 'executor' && !hasText(event.data, 'signature') ? 'The result is not signed.' : undefined;
  }
}

const unknown = (why: string) => `It cannot be verified that it was ever on its topic: ${why}.`;

const trusted = unknown('APPROVAL_REQUESTS is "trusted"');

/** The record has whatever was written, and leaves no dead letters. */
const isHandled = (topic: string): topic is EventName =>
  isEventName(topic) && catalogue[topic].to.some((party) => actingServices.includes(party as ActingService));

const hasText = (data: object, field: string): boolean =>
  typeof (data as Record<string, unknown>)[field] === 'string' && (data as Record<string, unknown>)[field] !== '';

const deliveryOf = ({ topic, key, headers, value, partition, offset, given_up_at }: DeadLetterRecord) => ({
  topic,
  key,
  headers,
  value: value === null ? null : Buffer.from(value, 'base64'),
  partition,
  offset,
  timestamp: toEpochMillis(given_up_at),
});
