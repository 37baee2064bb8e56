import { ApiError, type CountersignClient } from '@countersign/client';
import type { Screen } from '../terminal/screen.js';
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
export const approvalId = (client: CountersignClient, text: string): Promise<string> =>
  wholeOr(
    text,
    client.approvals.get(text).then(({ id }) => id),
    async (missing) => {
      const { data, meta } = await client.approvals.list({ text, limit: looked });
      if (meta.total_count > data.length)
        throw new Failure(exitCodes.usage, `${meta.total_count} approvals have "${text}" in them: give the whole id.`);
      return theOne(
        data.map(({ id }) => id).filter((id) => id.startsWith(text)),
        text,
        missing,
      );
    },
  );

/** The execution that an id, or the beginning of one, names: it has the id of its approval. */
export const executionId = (client: CountersignClient, text: string): Promise<string> =>
  wholeOr(
    text,
    client.executions.get(text).then(({ id }) => id),
    () => approvalId(client, text),
  );

/** The run that an id, or the beginning of one, names. Where there are more than can be looked at, a beginning names none. */
export const runId = (client: CountersignClient, text: string): Promise<string> =>
  wholeOr(
    text,
    client.runs.get(text).then(({ run_id }) => run_id),
    async (missing) => {
      const { data, meta } = await client.runs.list({ limit: looked });
      if (meta.total_count > data.length)
        throw new Failure(exitCodes.usage, `There are ${meta.total_count} runs: give the whole id.`);
      return theOne(
        data.map(({ run_id }) => run_id).filter((id) => id.startsWith(text)),
        text,
        missing,
      );
    },
  );

async function wholeOr(text: string, whole: Promise<string>, begun: (missing: ApiError) => Promise<string>) {
  try {
    return await whole;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404 || text.length < shortest) throw error;
    return begun(error);
  }
}

/** One approval more or less makes no id ambiguous that was read from a list a minute ago: all that fit are named. */
function theOne(ids: readonly string[], text: string, missing: ApiError): string {
  if (ids.length === 0) throw missing;
  if (ids.length === 1) return ids[0]!;
  const named = ids.slice(0, 5).join(', ');
  throw new Failure(exitCodes.usage, `"${text}" begins ${ids.length} ids: ${named}${ids.length > 5 ? ', …' : ''}.`);
}

/** Ids as a list has them: on a terminal the beginning that tells each from the others; in a pipe, or of too many, all of it. */
export function shortIds(
  { width }: Pick<Screen, 'width'>,
  ids: readonly string[],
  total: number,
): (id: string) => string {
  if (width === undefined || total > looked) return (id) => id;
  const length = prefixLength(ids);
  return (id) => id.slice(0, length);
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
