import { DeadLetter, DeadLetterSummary } from '@countersign/contracts/event-log';
import type { Provenance } from '@countersign/contracts/provenance';
import { TerminalError } from '@countersign/contracts/problems';
import { toEpochSeconds } from '@countersign/contracts/time';
import { deadLetterTopic, originalOf, type Bus, type Delivery, type Subscription } from '@countersign/messaging';
import { type CommandHandler, type CommandResult, type RetentionPolicy } from '@countersign/persistence';
import { removeAll } from '@countersign/persistence/retention';
import type { ReplayGuard } from './replay-guard.js';
import {
  deadLetterId,
  type DeadLetterMessage,
  type DeadLetterRecord,
  type DeadLetterRejection,
} from './dead-letter.js';

type Records = CommandHandler<DeadLetterRecord, DeadLetterMessage, DeadLetterRejection>;
type DeadLetterResult = Promise<CommandResult<DeadLetterRecord, DeadLetterRejection>>;

/** Keeps a record of each message that some group of any service gave up, so that a person can see to it. */
export class DeadLetters {
  #subscription: Subscription | undefined;

  constructor(
    private readonly records: Records,
    private readonly bus: Pick<Bus, 'publish' | 'subscribe'>,
    private readonly guard: Pick<ReplayGuard, 'problemWith'>,
  ) {}

  get store(): Records['store'] {
    return this.records.store;
  }

  /** Those that are settled; an open one waits for a person. */
  readonly retention: RetentionPolicy = {
    name: 'dead_letters',
    purgeBefore: (time) => removeAll(this.store, { settled_at: { lt: toEpochSeconds(time) } }),
  };

  start(): void {
    this.#subscription = this.bus.subscribe({
      group: 'dead-letters',
      topics: [deadLetterTopic],
      handle: (delivery) => this.record(delivery),
    });
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
  }

  /** @throws TerminalError when it is not a dead letter. */
  async record(delivery: Delivery): Promise<void> {
    const letter = originalOf(delivery);
    if (!Number.isSafeInteger(letter.partition) || letter.partition < 0)
      throw new TerminalError(
        'invalid_dead_letter',
        `${deadLetterTopic}/${delivery.offset} is not a dead letter: it has no place in a topic`,
      );
    await this.records.execute(deadLetterId(letter), { type: 'given_up', letter }, { creates: true });
  }

  /**
   * Republishes the message unchanged, if its sender can be verified. It goes to every group of its topic; those that handled it ignore it.
   * When the process dies in between, the dead letter is still open, and replaying it again does no harm.
   */
  async replay(id: string, by: string, note: string | null, act: Partial<Provenance> = {}): DeadLetterResult {
    const letter = await this.store.get(id);
    if (letter?.status === 'open') {
      const problem = await this.guard.problemWith(letter);
      const refusal = problem === undefined ? await this.#publish(letter) : `It is not redelivered. ${problem}`;
      if (refusal !== undefined) return { kind: 'rejected', code: 'not_replayable', reason: refusal, state: letter };
    }
    return this.records.execute(id, { type: 'replayed', by, note }, { act });
  }

  /** @returns why the log will never take it; anybody may have written the dead letter. */
  async #publish(letter: DeadLetter): Promise<string | undefined> {
    try {
      await this.bus.publish([originalMessage(letter)]);
      return undefined;
    } catch (error) {
      if (error instanceof TerminalError) return `It cannot be published: ${error.message}`;
      throw error;
    }
  }

  discard(id: string, by: string, note: string | null, act: Partial<Provenance> = {}): DeadLetterResult {
    return this.records.execute(id, { type: 'discarded', by, note }, { act });
  }
}

const originalMessage = ({ topic, key, headers, value }: DeadLetter) => ({
  topic,
  key,
  headers,
  value: value === null ? null : Buffer.from(value, 'base64'),
});

/** The dead letter as it is shown; its bytes may hold what is not for everybody's eyes. */
export const shown = (record: DeadLetterRecord): DeadLetter => DeadLetter.parse(record);
export const summaryOf = (record: DeadLetterRecord): DeadLetterSummary => DeadLetterSummary.parse(record);
