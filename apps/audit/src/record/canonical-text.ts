/**
 * A value as JSON with sorted names and no white space. It is that of RFC 8785, and has one for half a character too,
 * which an event may hold: whoever checks an entry takes its bytes as they are and never writes them anew.
 */
export function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Every entry is written in this way, so it is text that grows, and no lists on the way.
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalText(item ?? null)}`;
    return `[${text}]`;
  }
  const object = value as Record<string, unknown>;
  for (const name of Object.keys(object).toSorted()) {
    const item = object[name];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalText(item)}`;
  }
  return `{${text}}`;
}

/** The texts of the fields of an object. */
export function fieldTexts(
  object: object,
  textOf = (value: unknown, _name: string) => canonicalText(value),
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(object)) if (value !== undefined) texts.set(name, textOf(value, name));
  return texts;
}

/** An object by the texts of its fields. */
export const objectText = (texts: ReadonlyMap<string, string>): string =>
  `{${[...texts.keys()]
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${texts.get(name)}`)
    .join(',')}}`;
