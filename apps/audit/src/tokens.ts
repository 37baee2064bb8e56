/** Names under which Nest injects what has no class of its own. */
export const ENTRIES = Symbol('ENTRIES');
export const HOLDS = Symbol('HOLDS');
export const UNREADABLE = Symbol('UNREADABLE');
