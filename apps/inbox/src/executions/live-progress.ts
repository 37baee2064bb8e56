/** How far a call is, as `ToolCallProgress` of its run's stream tells it. */
export interface CallUpdate {
  execution_id: string;
  attempt: number;
  /** What was printed since the last event, and the number of characters before; null when it is not known. */
  output: string;
  offset: number | null;
  percent: number | null;
  message: string | null;
}

/** Live progress of one attempt of a call: a piece of its output without a gap, and how far it is. */
export interface LiveProgress {
  attempt: number;
  /** Characters that came before the piece. */
  from: number;
  text: string;
  progress: Pick<CallUpdate, 'percent' | 'message'>;
}

/** Characters of a piece; whoever prints more begins another. */
const longest = 1_000_000;

/** The progress after an update. After a gap another piece begins. */
export function applyProgress(live: LiveProgress | undefined, update: CallUpdate): LiveProgress {
  const { attempt, output, percent, message } = update;
  const offset = update.offset ?? Infinity;
  // A worker that lost its lease may still be at it.
  if (live && attempt < live.attempt) return live;
  const progress = { percent, message };
  const end = live?.attempt === attempt && live.text.length < longest ? live.from + live.text.length : -1;
  return live && offset <= end
    ? { ...live, text: live.text + output.slice(end - offset), progress }
    : { attempt, from: offset, text: output, progress };
}

/** What one attempt of a call printed, from its beginning on, as far as it is known without a gap. */
export interface Printed {
  attempt: number;
  text: string;
}

export const nothingPrinted: Printed = { attempt: 0, text: '' };

/** The one that tells more; both are beginnings of the same. */
export const further = (one: Printed, other: Printed): Printed =>
  other.attempt > one.attempt || (other.attempt === one.attempt && other.text.length > one.text.length) ? other : one;

/** Whether something is missing between the record and the live progress. */
export const isGap = (known: Printed, { attempt, from }: LiveProgress): boolean =>
  attempt > known.attempt ? from > 0 : attempt === known.attempt && from > known.text.length;

/** The record with the live progress. */
export function withLiveProgress(known: Printed, live: LiveProgress): Printed {
  const { attempt, from, text } = live;
  if (attempt < known.attempt || isGap(known, live)) return known;
  const before = attempt === known.attempt ? known.text.slice(0, from) : '';
  return further(known, { attempt, text: before + text });
}
