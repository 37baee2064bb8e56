/**
 * A value as JSON with sorted names and no white space. It is that of RFC 8785, and has one for half a character too,
 * which an event may hold: whoever checks an entry takes its bytes as they are and never writes them anew.
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as Record<string, unknown>;
  const fields = Object.keys(object)
    .filter((name) => object[name] !== undefined)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(object[name])}`);
  return `{${fields.join(',')}}`;
}
