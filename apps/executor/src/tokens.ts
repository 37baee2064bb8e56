/** Names under which Nest injects what has no class of its own. */
export const LOG = Symbol('LOG');
export const CLOCK = Symbol('CLOCK');
