/** Names under which Nest injects what has no class of its own. */
export const APPROVALS = Symbol('APPROVALS');
export const TERMS = Symbol('TERMS');
