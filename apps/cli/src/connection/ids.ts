import { ApiError, type CountersignClient } from '@countersign/client';
import { exitCodes, Failure } from './exit-codes.js';

/** Shorter ones are likely to be somebody's mistake. */
const shortest = 4;
/** At once, as many as the server gives. */
const looked = 1_000;

/**
 * The approval that an id, or the beginning of one, names. What a beginning names is searched among the newest 10,000.
 *
 * @throws Failure when a beginning names more than one, or may: whoever makes calls chooses the texts that are searched
 */
export async function approvalId(client: CountersignClient, text: string): Promise<string> {
  try {
    return (await client.approvals.get(text)).id;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404 || text.length < shortest) throw error;
    const { data, meta } = await client.approvals.list({ text, limit: looked });
    if (meta.total_count > data.length)
      throw new Failure(exitCodes.usage, `${meta.total_count} approvals have "${text}" in them: give the whole id.`);
    return theOne(
      data.map(({ id }) => id).filter((id) => id.startsWith(text)),
      text,
      error,
    );
  }
}

/** One approval more or less makes no id ambiguous that was read from a list a minute ago: all that fit are named. */
function theOne(ids: readonly string[], text: string, missing: ApiError): string {
  if (ids.length === 0) throw missing;
  if (ids.length === 1) return ids[0]!;
  const named = ids.slice(0, 5).join(', ');
  throw new Failure(exitCodes.usage, `"${text}" begins ${ids.length} ids: ${named}${ids.length > 5 ? ', …' : ''}.`);
}

/** How much of ids tells each from the others, at least eight characters. */
export function prefixLength(ids: readonly string[]): number {
  const sorted = ids.toSorted();
  const common = sorted.slice(1).map((id, n) => commonStart(id, sorted[n]!));
  return Math.max(8, ...common.map((length) => length + 1));
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
