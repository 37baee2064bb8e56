/** Names under which Nest injects what has no class of its own. */
export const ALARMS = Symbol('ALARMS');
export const MCP_WAIT_MS = Symbol('MCP_WAIT_MS');
export const RUNS = Symbol('RUNS');
export const SESSIONS = Symbol('SESSIONS');
