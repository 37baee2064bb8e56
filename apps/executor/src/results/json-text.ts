import { parseStrictJson } from '@countersign/contracts/json';
import { atPointer } from '@countersign/definitions';

/** Levels of lists and objects in what a target answers. */
const depth = 500;

/**
 * What a text says as JSON, every number to its last digit; `undefined` when it is none, or could be read in two ways,
 * such as with a name that is there twice.
 */
export function parsedJson(text: string): unknown {
  const read = parseStrictJson(text, { depth, numbers: 'keep', texts: 'any' });
  return read.ok ? read.value : undefined;
}

/** What is there in a JSON value, as a text; `undefined` when nothing is, or null. */
export function textAt(value: unknown, pointer: string): string | undefined {
  const found = atPointer(value, pointer) ?? undefined;
  return found === undefined || typeof found === 'string' ? found : JSON.stringify(found);
}

/** The beginning of a target's answer, where JSON has what it is about. */
export function excerpt(text: string, max: number): { result: string; truncated?: true } {
  const whole = text.trim();
  if (whole.length <= max) return { result: whole };
  return {
    result: `${whole.slice(0, max)} [the last ${whole.length - max} characters are left out]`,
    truncated: true,
  };
}
