import { sha256Hex } from '#sha256';

/**
 * A UUID (version 8, RFC 9562 section 5.8) that is a function of its parts, so that whoever sees the
 * same message twice derives the same id and creates the same thing once.
 */
export function derivedId(...parts: readonly string[]): string {
  const hash = sha256Hex(JSON.stringify(parts));
  const variant = ((parseInt(hash[16]!, 16) & 0x3) | 0x8).toString(16);
  const hex = `${hash.slice(0, 12)}8${hash.slice(13, 16)}${variant}${hash.slice(17, 32)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Whether an id has the form of those that are derived, so that it may be another's yet. */
export const isMadeHere = (id: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id);

/** One approval per tool call of a run. The execution of an approved call has the same id. */
export const approvalId = (runId: string, toolCallId: string): string => derivedId('approval', runId, toolCallId);

/** Ids of events: the same transition of the same record always yields the same ids. */
export const eventId = (collection: string, id: string, version: number, n: number): string =>
  `${collection}/${id}/${version}/${n}`;

/** The version of the record that emitted an event, by the event's id; undefined for an id that is not of `collection`. */
export function versionIn(id: string, collection: string): number | undefined {
  const version = id.startsWith(`${collection}/`) ? /\/(\d+)\/\d+$/.exec(id)?.[1] : undefined;
  return version === undefined ? undefined : Number(version);
}
