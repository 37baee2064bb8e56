import type { Bus, Delivery, Subscription } from '@countersign/messaging';

export const requests = 'releases.requests';
export const replies = 'releases.replies';

type Headers = Record<string, string>;
interface Said {
  headers: Headers;
  value: Buffer | null;
}

/**
 * What the platform does with a request: what it replies, in order; each is a JSON value, or bytes as they are.
 * `then`: it replies only when it is told to.
 */
export interface Behaviour {
  says?: readonly unknown[];
  headers?: Headers;
  waits?: boolean;
}

const done: Behaviour = { says: [{ state: 'deployed', id: 7 }] };

/**
 * Another platform that deploys what it is asked for on a topic, once for each `correlation-id`, and replies on the topic
 * that the request names, as platforms do: also to what it knows already, which it does not do again.
 */
export class Platform {
  /** What was done, in order: the judge of what was done how often. */
  readonly done: { id: string; attempt: string; value: unknown; headers: Headers; key: string | null }[] = [];
  readonly requests: Delivery[] = [];
  /** How it behaves with the next requests; then as if all were well. */
  readonly behaviours: Behaviour[] = [];
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #known = new Set<string>();
  readonly #subscription: Subscription;

  constructor(private readonly bus: Bus) {
    this.#subscription = bus.subscribe({
      group: 'a-platform',
      topics: [requests],
      handle: (request) => this.#handle(request),
    });
  }

  /** Says what it has been waiting to say. */
  async speak(): Promise<void> {
    for (const say of this.#waiting.splice(0)) await say();
  }

  /** Writes into the topic of its replies, whoever asked for it. */
  say(headers: Headers, ...values: unknown[]): Promise<void> {
    return this.#publish(
      replies,
      values.map((value) => ({ headers, value: bytesOf(value) })),
    );
  }

  stop(): Promise<void> {
    return this.#subscription.close();
  }

  async #handle(request: Delivery): Promise<void> {
    this.requests.push(request);
    const { headers, key, value } = request;
    const id = headers['correlation-id']!;
    const { says = [], waits = false, headers: more = {} } = this.behaviours.shift() ?? done;
    if (!this.#known.has(id)) {
      this.#known.add(id);
      this.done.push({ id, attempt: headers['attempt']!, value: JSON.parse(value!.toString()), headers, key });
    }
    const replied = says.map((each) => ({ headers: { 'correlation-id': id, ...more }, value: bytesOf(each) }));
    const reply = () => this.#publish(headers['reply-topic']!, replied);
    if (waits) this.#waiting.push(reply);
    else await reply();
  }

  async #publish(topic: string, said: readonly Said[]): Promise<void> {
    await this.bus.publish(said.map((each) => ({ topic, key: null, ...each })));
  }
}

const bytesOf = (value: unknown): Buffer | null =>
  value === null || Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
