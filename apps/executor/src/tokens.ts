/** Names under which Nest injects what has no class of its own. */
export const EXECUTIONS = Symbol('EXECUTIONS');
