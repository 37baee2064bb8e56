import { atPointer } from '@countersign/definitions';

/** What a text says as JSON; `undefined` when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is there in a JSON value, as a text; `undefined` when nothing is, or null. */
export function textAt(value: unknown, pointer: string): string | undefined {
  const found = atPointer(value, pointer) ?? undefined;
  return found === undefined || typeof found === 'string' ? found : JSON.stringify(found);
}

/** The beginning of what a target said, where JSON has what it is about. */
export function excerpt(text: string, max: number): { result: string; truncated?: true } {
  const whole = text.trim();
  if (whole.length <= max) return { result: whole };
  return {
    result: `${whole.slice(0, max)} [the last ${whole.length - max} characters are left out]`,
    truncated: true,
  };
}
