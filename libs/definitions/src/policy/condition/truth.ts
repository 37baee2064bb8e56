/** Whether something is so, when that may be open. */
export type Truth = boolean | 'unknown';

/** So when all of them are; one that is not so settles it, whatever is open. */
export const allOf = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : !truths.includes('unknown') || 'unknown';

/** So when one of them is, whatever else is open. */
export const anyOf = (truths: readonly Truth[]): Truth => not(allOf(truths.map(not)));

/** What is open stays open. */
export const not = (truth: Truth): Truth => (truth === 'unknown' ? 'unknown' : !truth);
