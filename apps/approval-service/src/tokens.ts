/** Names under which Nest injects what has no class of its own. */
export const ALARMS = Symbol('alarms');
export const APPROVALS = Symbol('APPROVALS');
export const GRANTS = Symbol('GRANTS');
export const DELEGATIONS = Symbol('DELEGATIONS');
export const DELIVERIES = Symbol('DELIVERIES');
/** The key that browsers subscribe with, once there is a channel of Web Push. */
export const PUSH_KEY = Symbol('PUSH_KEY');
export const SLACK_CHANNELS = Symbol('SLACK_CHANNELS');
export const CONFIG_VERSIONS = Symbol('CONFIG_VERSIONS');
export const REREAD_KEYS = Symbol('REREAD_KEYS');
export const CLOCK = Symbol('CLOCK');
/** Why what began at a time may have been done since, by records that are lost. */
export const SET_BACK = Symbol('SET_BACK');
