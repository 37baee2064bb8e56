/** Names under which Nest injects what has no class of its own. */
/** The definition that a run goes on with; null: it cannot. */
export const AGENT_OF_RUN = Symbol('AGENT_OF_RUN');
export const ALARMS = Symbol('ALARMS');
export const MCP_WAIT_MS = Symbol('MCP_WAIT_MS');
export const RUNS = Symbol('RUNS');
export const SESSIONS = Symbol('SESSIONS');
