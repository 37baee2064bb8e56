import type { SqliteFile } from '@countersign/sqlite';

/** How many messages are looked at in one transaction; others wait for it. */
const atOnce = 500;

/** Groups, and what they subscribe to. */
type Subscribed = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Removes what was appended before a time, unless a group has yet to handle it: one that ever got
 * anywhere in the topic, or that subscribes to it now. What is left keeps its offsets, and no offset is assigned twice.
 *
 * @yields how many went, batch by batch.
 */
export async function* trimLog(
  file: SqliteFile,
  before: number,
  subscribed: () => Subscribed,
): AsyncGenerator<number, void> {
  for (let after = 0; ;) {
    const { last, removed } = await file.write(() => trimSome(file, { after, before, subscribed: subscribed() }));
    if (last === undefined) return;
    yield removed;
    after = last;
  }
}

/** @returns the last offset of those it looked at, or undefined when they are all younger, as then are those behind them. */
function trimSome(
  file: SqliteFile,
  { after, before, subscribed }: { after: number; before: number; subscribed: Subscribed },
): { last?: number; removed: number } {
  const { last, oldest } = file
    .sql(
      `SELECT max(offset) AS last, min(timestamp) AS oldest
      FROM (SELECT offset, timestamp FROM log WHERE offset > ? ORDER BY offset LIMIT ?)`,
    )
    .get(after, atOnce) as { last: number | null; oldest: number | null };
  if (last === null || oldest === null || oldest >= before) return { removed: 0 };
  enrol(file, subscribed);
  const { changes } = file
    .sql(
      `DELETE FROM log WHERE offset > ? AND offset <= ? AND timestamp < ? AND NOT EXISTS
      (SELECT 1 FROM positions WHERE positions.topic = log.topic AND positions.offset < log.offset)`,
    )
    .run(after, last, before);
  return { last, removed: Number(changes) };
}

/** A group that has handled nothing of a topic yet has no position there, and begins at its beginning. */
function enrol(file: SqliteFile, subscribed: Subscribed): void {
  const insert = file.sql(
    'INSERT INTO positions (consumer_group, topic, offset) VALUES (?, ?, 0) ON CONFLICT DO NOTHING',
  );
  for (const [group, topics] of subscribed) for (const topic of topics) insert.run(group, topic);
}
