/** The bytes of a message, in base64, as text: JSON in lines, anything else as it is. */
export function textOf(value: string | null): string {
  if (value === null) return '(no value)';
  const bytes = Uint8Array.from(atob(value), (character) => character.codePointAt(0)!);
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
