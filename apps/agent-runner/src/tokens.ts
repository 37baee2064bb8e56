/** Names under which Nest injects what has no class of its own. */
export const ALARMS = Symbol('ALARMS');
export const RUNS = Symbol('RUNS');
export const SESSIONS = Symbol('SESSIONS');
