import { concernOf, isFailure, millisIn, textIn, type Recorded } from './recorded.js';

const version = '1.8.0';
const severities = { none: 1, low: 2, medium: 3, high: 4 } as const;

/** Classes of OCSF, with the activities that are used here. */
const classes = {
  authentication: { uid: 3002, category_uid: 3 },
  entity_management: { uid: 3004, category_uid: 3 },
  api_activity: { uid: 6003, category_uid: 6 },
} as const;
const activity = { create: 1, update: 3, delete: 4, enable: 8, disable: 9, other: 99 } as const;

type Kind = { class: keyof typeof classes; activity_id: number } & Record<string, unknown>;

/** An entry as an event of OCSF: what it is, and beside that the entry itself, to the byte. */
export function ocsfOf(entry: Recorded): Record<string, unknown> {
  const { id, index, key, leaf, leaf_hash, type, time } = entry;
  const { class: name, activity_id, ...about } = kindOf(entry);
  const { uid: class_uid, category_uid } = classes[name];
  return {
    class_uid,
    category_uid,
    activity_id,
    type_uid: class_uid * 100 + activity_id,
    time: millisIn(entry),
    severity_id: severities[concernOf(entry)],
    status_id: isFailure(type) ? 2 : 1,
    ...(textIn(entry.data, 'code') !== undefined && { status_code: textIn(entry.data, 'code') }),
    metadata: {
      version,
      product: { name: 'Countersign', vendor_name: 'Countersign' },
      uid: String(index),
      original_event_uid: id,
      event_code: type,
      original_time: time,
      correlation_uid: key,
      sequence: index,
    },
    ...about,
    raw_data: leaf,
    unmapped: { leaf_hash },
  };
}

function kindOf(entry: Recorded): Kind {
  const { data, type, authid } = entry;
  if (type === 'access.signed_in') return authentication(entry, 1);
  if (type === 'access.signed_out') return authentication(entry, 2);
  if (type === 'access.refused' && authid === undefined) return authentication(entry, 1);
  const managed = entities[type]?.(data);
  if (!managed) return apiActivity(entry);
  const { activity_id, ...entity } = managed;
  return { class: 'entity_management', activity_id, actor: actorOf(entry), entity };
}

const authentication = ({ authid, data, source }: Recorded, activity_id: number): Kind => ({
  class: 'authentication',
  activity_id,
  user: { name: authid ?? 'unknown' },
  service: { name: source },
  ...(textIn(data, 'address') !== undefined && { src_endpoint: { ip: textIn(data, 'address') } }),
});

/** What people make and take away, by the name of the event. */
const entities: Readonly<
  Record<string, (data: Record<string, unknown>) => { activity_id: number; type: string; uid?: string; name: string }>
> = {
  'access.key_created': (data) => ({ activity_id: activity.create, ...key(data) }),
  'access.key_revoked': (data) => ({ activity_id: activity.delete, ...key(data) }),
  'access.delegated': (data) => ({ activity_id: activity.create, ...delegation(data) }),
  'access.delegation_revoked': (data) => ({ activity_id: activity.delete, ...delegation(data) }),
  'approval.grant_created': (data) => ({ activity_id: activity.create, ...grant(data) }),
  'approval.grant_revoked': (data) => ({ activity_id: activity.delete, ...grant(data) }),
  'approval.deleted': (data) => ({ activity_id: activity.delete, ...of('Approval', data, 'approval_id', 'tool_name') }),
  'config.rules_declared': (data) => ({ activity_id: activity.create, ...of('Rules', data, 'version', 'version') }),
  'config.agent_declared': (data) => ({ activity_id: activity.create, ...of('Agent', data, 'version', 'agent_id') }),
  'tool.paused': (data) => ({ activity_id: activity.disable, ...tool(data) }),
  'tool.resumed': (data) => ({ activity_id: activity.enable, ...tool(data) }),
};
const of = (type: string, data: Record<string, unknown>, uid: string, name: string) => ({
  type,
  ...(textIn(data, uid) !== undefined && { uid: textIn(data, uid)! }),
  name: textIn(data, name) ?? 'unknown',
});
const key = (data: Record<string, unknown>) => of('API key', data, 'key_id', 'subject');
const delegation = (data: Record<string, unknown>) => of('Delegation', data, 'delegation_id', 'deputy');
const grant = (data: Record<string, unknown>) => of('Grant', data, 'grant_id', 'tool_name');
const tool = (data: Record<string, unknown>) => ({ type: 'Tool', name: textIn(data, 'tool_name') ?? 'all tools' });

function apiActivity(entry: Recorded): Kind {
  const { data, source, type } = entry;
  const resources = [
    { type: 'Run', uid: textIn(data, 'run_id') },
    { type: 'Approval', uid: textIn(data, 'approval_id') },
    { type: 'Tool', name: textIn(data, 'tool_name') },
    { type: 'Agent', uid: textIn(data, 'agent_id') },
  ].filter(({ uid, name }) => uid !== undefined || name !== undefined);
  const address = textIn(data, 'address');
  return {
    class: 'api_activity',
    activity_id: /[._](created|started|requested)$/.test(type)
      ? activity.create
      : isFailure(type)
        ? activity.other
        : activity.update,
    actor: actorOf(entry),
    api: { operation: type, service: { name: source } },
    src_endpoint: address === undefined ? { svc_name: source } : { ip: address },
    ...(resources.length > 0 && { resources }),
  };
}

const actorOf = ({ authid, source }: Recorded) =>
  authid === undefined ? { app_name: source } : { user: { name: authid } };
