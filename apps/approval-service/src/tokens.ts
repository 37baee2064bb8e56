/** Names under which Nest injects what has no class of its own. */
export const ALARMS = Symbol('alarms');
export const APPROVALS = Symbol('APPROVALS');
export const GRANTS = Symbol('GRANTS');
export const DELEGATIONS = Symbol('DELEGATIONS');
export const DELIVERIES = Symbol('DELIVERIES');
export const SLACK_CHANNELS = Symbol('SLACK_CHANNELS');
export const CONFIG_VERSIONS = Symbol('CONFIG_VERSIONS');
export const REREAD_KEYS = Symbol('REREAD_KEYS');
export const CLOCK = Symbol('CLOCK');
/** Why what began at a time may have been done since, by records that are lost. */
export const SET_BACK = Symbol('SET_BACK');
