/** `failed`: for now, and it is going to be tried again. */
type Outcome = 'handled' | 'failed' | 'dead_letter';

/** Is told what a bus does in this process, for metrics. */
export interface BusObserver {
  /** This is in the log now; dead letters are not told of here. */
  published(topic: string): void;
  /** What came of handing a message to a member of a group. */
  delivered(about: { group: string; topic: string; outcome: Outcome }): void;
}
