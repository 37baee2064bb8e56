import { parseStrictJson } from '@countersign/contracts/json';

/** The bytes of a message, in base64, as text: JSON in lines, anything else, and JSON that this would change, as it is. */
export function textOf(value: string | null): string {
  if (value === null) return '(no value)';
  const bytes = Uint8Array.from(atob(value), (character) => character.codePointAt(0)!);
  const text = new TextDecoder().decode(bytes);
  const read = parseStrictJson(text);
  return read.ok ? JSON.stringify(read.value, null, 2) : text;
}
