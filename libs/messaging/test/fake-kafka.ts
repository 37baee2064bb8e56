import type { Delivery, Message } from '../src/bus.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  ConsumerSession,
  KafkaClient,
  Position,
  ProducerSession,
} from '../src/kafka/kafka-client.js';
import { KafkaError } from '../src/kafka/kafka-client.js';

/** How many records one fetch brings. */
const fetchSize = 100;

/** A cluster in memory, behind the port that a client library stands behind: topics, groups, rebalances, and outages. */
export class FakeKafka implements KafkaClient {
  readonly #topics = new Map<string, Delivery[][]>();
  readonly #groups = new Map<string, FakeGroup>();
  /** Whether no broker answers. */
  down = false;
  /** What came with each request to append, by producer session. */
  readonly requests: { session: number; values: string[] }[] = [];
  /** Called before a request is answered; what it throws is the answer. */
  onSend: (messages: readonly Message[]) => Promise<void> | void = () => {};
  /** Called after a request was appended; what it throws is an answer that was lost. */
  onAppended: () => Promise<void> | void = () => {};
  /** How many producer sessions there were, and how many of them are over. */
  sessions = 0;
  closedSessions = 0;

  producer(): ProducerSession {
    const session = ++this.sessions;
    let isClosed = false;
    return {
      connect: async () => this.#answer(),
      send: async (messages) => {
        this.#answer();
        this.requests.push({ session, values: messages.map(({ value }) => String(value)) });
        await this.onSend(messages);
        if (isClosed) throw new KafkaError('transient', 'closed');
        for (const message of messages) this.append(message);
        await this.onAppended();
      },
      close: async () => {
        isClosed = true;
        this.closedSessions++;
      },
    };
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): ConsumerSession {
    return this.group(options.group).session(options, listener);
  }

  async createTopics(topics: Parameters<KafkaClient['createTopics']>[0]): Promise<void> {
    this.#answer();
    for (const { topic, partitions } of topics) {
      if (!this.#topics.has(topic))
        this.#topics.set(
          topic,
          Array.from({ length: partitions }, () => []),
        );
    }
  }

  /** Somebody deletes a topic with all that is in it. */
  deleteTopic(topic: string): void {
    this.#topics.delete(topic);
  }

  async topics(): Promise<string[]> {
    this.#answer();
    return [...this.#topics.keys()];
  }

  async topicSettings(topics: readonly string[]) {
    this.#answer();
    return topics.map((topic) => ({
      topic,
      partitions: this.partitions(topic).length,
      replicas: 1,
      settings: {},
    }));
  }

  async offsets(topics: readonly string[]) {
    this.#answer();
    return topics.flatMap((topic) =>
      this.partitions(topic).map((records, partition) => ({ topic, partition, low: 0, high: records.length })),
    );
  }

  async offsetsSince(topics: readonly string[], at: number) {
    this.#answer();
    return topics.flatMap((topic) =>
      this.partitions(topic).map((records, partition) => {
        const found = records.findIndex(({ timestamp }) => timestamp >= at);
        return { topic, partition, offset: found < 0 ? records.length : found };
      }),
    );
  }

  async committed(group: string, topics: readonly string[]) {
    this.#answer();
    return topics.flatMap((topic) =>
      this.partitions(topic).flatMap((_, partition) => {
        const offset = this.group(group).committed.get(`${topic}/${partition}`);
        return offset === undefined ? [] : [{ topic, partition, offset }];
      }),
    );
  }

  async ping(): Promise<void> {
    this.#answer();
  }

  partitions(topic: string): Delivery[][] {
    return this.#topics.get(topic) ?? [];
  }

  group(name: string): FakeGroup {
    const group = this.#groups.get(name) ?? new FakeGroup(this);
    this.#groups.set(name, group);
    return group;
  }

  append(message: Message): void {
    const partitions = this.partitions(message.topic);
    const partition = [...(message.key ?? '')].reduce((sum, char) => sum + char.charCodeAt(0), 0) % partitions.length;
    const offset = String(partitions[partition]!.length);
    partitions[partition]!.push({ ...message, partition, offset, timestamp: Date.now() });
    for (const group of this.#groups.values()) group.wake();
  }

  #answer(): void {
    if (this.down) throw new KafkaError('transient', 'ECONNREFUSED');
  }
}

interface Member {
  options: ConsumerOptions;
  listener: ConsumerListener;
  /** By topic and partition, what is read next. */
  next: Map<string, Position>;
  paused: Set<string>;
}

const idOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

/** A consumer group: its members, what each reads, and what they have committed. */
export class FakeGroup {
  readonly #cluster: FakeKafka;
  readonly #members: Member[] = [];
  readonly committed = new Map<string, number>();
  /** Called before a commit is taken; what it throws is the answer. */
  onCommit: (positions: readonly Position[]) => Promise<void> | void = () => {};
  #isWaking = false;

  constructor(cluster: FakeKafka) {
    this.#cluster = cluster;
  }

  /** What is not fetched at the moment. */
  get paused(): string[] {
    return this.#members.flatMap(({ paused }) => [...paused]);
  }

  session(options: ConsumerOptions, listener: ConsumerListener): ConsumerSession {
    const member: Member = { options, listener, next: new Map(), paused: new Set() };
    const heartbeat = setInterval(() => !this.#cluster.down && listener.heartbeat(), options.heartbeatMs).unref();
    return {
      join: async (startAt = []) => {
        await this.#cluster.ping();
        this.#members.push(member);
        this.rebalance();
        for (const position of startAt) member.next.set(idOf(position), { ...position });
      },
      pause: (topic, partition) => {
        const id = idOf({ topic, partition });
        member.paused.add(id);
        return () => {
          member.paused.delete(id);
          this.wake();
        };
      },
      commit: async (positions) => {
        await this.onCommit(positions);
        for (const position of positions) this.committed.set(idOf(position), position.offset);
      },
      close: async () => {
        clearInterval(heartbeat);
        if (this.#members.includes(member)) this.#remove(member);
      },
    };
  }

  /** Ends a member's session from the side of the broker. */
  stop(error: KafkaError): void {
    const [member] = this.#members;
    this.#remove(member!);
    member!.listener.stopped(error);
  }

  /** Assigns the partitions anew. */
  rebalance(): void {
    for (const { listener } of this.#members) listener.revoked();
    const topics = new Set(this.#members.flatMap(({ options }) => options.topics));
    const partitions = [...topics].flatMap((topic) =>
      this.#cluster.partitions(topic).map((records, partition) => ({ topic, partition, end: records.length })),
    );
    for (const [n, { options, listener, next, paused }] of this.#members.entries()) {
      next.clear();
      paused.clear();
      for (const { topic, partition, end } of partitions.filter((_, index) => index % this.#members.length === n)) {
        const begin = options.from === 'beginning' ? 0 : end;
        const id = idOf({ topic, partition });
        next.set(id, { topic, partition, offset: this.committed.get(id) ?? begin });
      }
      listener.assigned();
    }
    this.wake();
  }

  wake(): void {
    if (this.#isWaking) return;
    this.#isWaking = true;
    setImmediate(() => {
      this.#isWaking = false;
      if (!this.#cluster.down) for (const member of this.#members) this.#fetch(member);
    });
  }

  #fetch({ listener, next, paused }: Member): void {
    listener.fetched();
    for (const [id, position] of next) {
      if (paused.has(id)) continue;
      const log = this.#cluster.partitions(position.topic)[position.partition]!;
      const records = log.slice(position.offset, position.offset + fetchSize);
      if (records.length === 0) continue;
      position.offset += records.length;
      listener.records(records);
      this.wake();
    }
  }

  #remove(member: Member): void {
    this.#members.splice(this.#members.indexOf(member), 1);
    this.rebalance();
  }
}
