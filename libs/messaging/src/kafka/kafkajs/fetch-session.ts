/** What a fetch asks of one topic. */
export interface FetchTopic {
  topic: string;
  partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
}

/** The part of a fetch request that a session decides on. */
export interface SessionRequest {
  sessionId: number;
  sessionEpoch: number;
  topics: FetchTopic[];
  forgottenTopics: { topic: string; partitions: number[] }[];
  /** Milliseconds that the broker waits for something new. */
  maxWaitTime: number;
}

const newSession = 0;
const withoutSession = -1;
/**
 * The wait of the first fetch of a partition; that of each later one is twice as long. Only once a fetch was answered is
 * a member known to receive, and only then does it see that others join its group, which they do most after it did.
 */
const firstWaitMs = 50;

/**
 * One consumer's fetch session with one broker (KIP-227): the broker remembers what was requested, so that each request
 * names only the partitions whose offset has changed, and each answer only those that have something new.
 *
 * Pure: it returns the request, and receives the response. Whatever goes wrong makes the next request a full one that
 * replaces the session, so that no partition can be left out for longer than one answer.
 */
export class FetchSession {
  #id = 0;
  #epoch = newSession;
  #offsets = new Map<string, Map<number, string>>();
  #requested: Map<string, Map<number, string>> | undefined;
  /** What was requested last, in a session or not. */
  #last = new Map<string, Map<number, string>>();
  #waitMs = firstWaitMs;

  /** While one request is under way a second one is outside of the session. @param longestWait in milliseconds. */
  request(topics: readonly FetchTopic[], longestWait: number): SessionRequest {
    if (this.#requested) {
      const all = { topics: [...topics], forgottenTopics: [], maxWaitTime: longestWait };
      return { sessionId: 0, sessionEpoch: withoutSession, ...all };
    }
    this.#requested = new Map(
      topics.map(({ topic, partitions }) => [
        topic,
        new Map(partitions.map(({ partition, fetchOffset }) => [partition, fetchOffset])),
      ]),
    );
    const isNew = topics.some(({ topic, partitions }) => {
      const last = this.#last.get(topic);
      return partitions.some(({ partition }) => !last?.has(partition));
    });
    this.#last = this.#requested;
    const maxWaitTime = Math.min(isNew ? firstWaitMs : this.#waitMs, longestWait);
    this.#waitMs = 2 * maxWaitTime;
    return {
      maxWaitTime,
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: topics.flatMap(({ topic, partitions }) => {
        const known = this.#offsets.get(topic);
        const changed = partitions.filter(({ partition, fetchOffset }) => known?.get(partition) !== fetchOffset);
        return changed.length > 0 ? [{ topic, partitions: changed }] : [];
      }),
      forgottenTopics: [...this.#offsets].flatMap(([topic, offsets]) => {
        const wanted = this.#requested!.get(topic);
        const partitions = [...offsets.keys()].filter((partition) => !wanted?.has(partition));
        return partitions.length > 0 ? [{ topic, partitions }] : [];
      }),
    };
  }

  /** @returns false when the broker does not know the session any more, and the request has to be repeated. */
  answered({ sessionEpoch }: SessionRequest, { errorCode, sessionId }: { errorCode: number; sessionId: number }) {
    if (sessionEpoch === withoutSession) return true;
    if (errorCode !== 0) {
      this.#replace();
      return sessionEpoch === newSession;
    }
    this.#offsets = sessionId === 0 ? new Map() : this.#requested!;
    this.#epoch = sessionId === 0 ? newSession : nextEpoch(sessionEpoch);
    this.#id = sessionId;
    this.#requested = undefined;
    return true;
  }

  /** No answer came, or one that names an error, and the state of the broker's session is unknown. */
  failed({ sessionEpoch }: SessionRequest): void {
    if (sessionEpoch !== withoutSession) this.#replace();
  }

  /** The id stays: a full request that names it closes the session behind it. */
  #replace(): void {
    this.#epoch = newSession;
    this.#offsets = new Map();
    this.#requested = undefined;
  }
}

/** Epochs are INT32, and begin again at 1. */
const nextEpoch = (epoch: number): number => (epoch === 0x7fff_ffff ? 1 : epoch + 1);
