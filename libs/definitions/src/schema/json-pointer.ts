import { z } from 'zod';

/** A place in a JSON value (RFC 6901). */
export const JsonPointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON pointer (RFC 6901) such as /status');

/** What is there; `undefined` when nothing is. */
export function atPointer(value: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1);
  return names.reduce<unknown>((parent, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof parent !== 'object' || parent === null) return undefined;
    // Of a list only elements, not what else a list of JavaScript has.
    const isThere = Array.isArray(parent) ? /^(0|[1-9]\d*)$/.test(key) : Object.hasOwn(parent, key);
    return isThere ? (parent as Record<string, unknown>)[key] : undefined;
  }, value);
}
