export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Tokens that a server counted, where it did. */
export const count = (tokens: unknown): number =>
  Number.isSafeInteger(tokens) && Number(tokens) >= 0 ? Number(tokens) : 0;
