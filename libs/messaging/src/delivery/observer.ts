/** `failed`: for now, and it is going to be tried again. */
type Outcome = 'handled' | 'failed' | 'dead_letter';

/** Observes what a bus does in this process, for metrics. */
export interface BusObserver {
  /** A message was appended to this topic; dead letters are not counted. */
  published(topic: string): void;
  /** The outcome of one attempt to handle a message. */
  delivered(about: { group: string; topic: string; outcome: Outcome }): void;
  /** On Kafka: this process was given partitions of a group, when it joined and each time another member came or went. */
  assigned?(group: string): void;
}
