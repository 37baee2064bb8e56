import {
  catalogue,
  dataSchema,
  eventNames,
  isCommand,
  maxEventBytes,
  services,
  type EventName,
} from '@countersign/contracts';
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';

interface Golden {
  headers: Record<string, string>;
  key: string;
  data: unknown;
}

const goldenOf = (name: EventName) =>
  JSON.parse(readFileSync(new URL(`../../libs/contracts/fixtures/v1/${name}.json`, import.meta.url), 'utf8')) as Golden;

const text = { type: 'string' } as const;
const envelope = {
  ce_specversion: { const: '1.0' },
  ce_id: { ...text, description: 'Unique within its source: what comes again with both is the same event.' },
  ce_source: {
    ...text,
    description: '`/countersign/<service>` of what a service says, with the name of the installation if it has one.',
  },
  ce_time: { ...text, format: 'date-time', description: 'When it happened, by the clock of who says it.' },
  ce_subject: { ...text, description: 'The record it is about.' },
  ce_sequence: {
    ...text,
    pattern: '^[0-9]{10}$',
    description:
      'Sequence: its number among the events of this source and subject, from 1 and without a gap; not in previews, nor where nobody counts.',
  },
  ce_sequencetype: { const: 'Integer' },
  ce_authtype: { ...text, description: 'Auth Context: what kind of actor, or `system`, the service itself.' },
  ce_authid: { ...text, description: 'Auth Context: who did it.' },
  ce_authclaims: {
    ...text,
    description:
      'Auth Context: JSON with `via`, `credential`, the id of the credential, and `address`, from which the request came.',
  },
  ce_causationid: { ...text, description: 'Correlation: the id of the event or command that it came of.' },
  traceparent: { ...text, description: 'W3C Trace Context.' },
  tracestate: { ...text, description: 'W3C Trace Context.' },
};

/** What of `docs/asyncapi.yaml` follows from the catalogue: all of it. */
export const asyncApi = () => ({
  asyncapi: '3.1.0',
  info: {
    title: 'Countersign',
    version: '1.0.0',
    description:
      'Every topic of Countersign, in the words of CloudEvents 1.0. Services write binary mode; commands are read in structured mode too. Ordering, duplicates, retries, retention and what may change: see integrators.md.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(eventNames.map((name) => [name, channelOf(name)])),
  operations: Object.fromEntries(eventNames.map((name) => [name, operationOf(name)])),
  components: {
    messages: Object.fromEntries(
      eventNames.flatMap((name) => [
        [name, binary(name)],
        ...(isCommand(name) ? [[`${name}.structured`, structured(name)]] : []),
      ]),
    ),
  },
});

export const asyncApiText = (): string =>
  `# Generated from libs/contracts; \`npx vitest run -u --project tools\` writes it anew.\n${stringify(asyncApi(), { lineWidth: 120, aliasDuplicateObjects: false })}`;

function channelOf(name: EventName) {
  const { from, to, says } = catalogue[name];
  const messages = [name, ...(isCommand(name) ? [`${name}.structured`] : [])];
  return {
    address: name,
    description: says,
    messages: Object.fromEntries(messages.map((each) => [each, { $ref: `#/components/messages/${each}` }])),
    bindings: {
      kafka: { topic: name, topicConfiguration: { 'max.message.bytes': maxEventBytes }, bindingVersion: '0.5.0' },
    },
    // Which principals the ACLs of the topic have to let write and read; anybody else may read what they are allowed to.
    'x-written-by': from === 'every service' ? services : [from],
    'x-read-by': to,
  };
}

/** As Countersign sees it: it takes commands, and sends all else. */
const operationOf = (name: EventName) => ({
  action: isCommand(name) ? 'receive' : 'send',
  channel: { $ref: `#/channels/${name}` },
});

function binary(name: EventName) {
  const { headers, data } = goldenOf(name);
  return {
    name,
    summary: catalogue[name].says,
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: isCommand(name) ? [] : ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject'],
      properties: { ...envelope, ce_type: { const: name }, ce_dataschema: { const: dataSchema(name) } },
    },
    payload: payload({ $ref: `./schemas/${name}.json` }),
    bindings: {
      kafka: {
        key: { type: 'string', description: 'The id of the run, or what the event is about.' },
        bindingVersion: '0.5.0',
      },
    },
    examples: [{ headers, payload: data }],
  };
}

function structured(name: EventName) {
  const { headers, data } = goldenOf(name);
  const attributes = Object.entries(headers).flatMap(([header, value]) =>
    header.startsWith('ce_') ? [[header.slice(3), value]] : [],
  );
  const required = ['specversion', 'id', 'source', 'type', 'data'];
  return {
    name: `${name}.structured`,
    summary: 'The same, with its attributes in the value.',
    contentType: 'application/cloudevents+json',
    payload: payload({
      type: 'object',
      required,
      properties: {
        ...Object.fromEntries(required.slice(0, 3).map((attribute) => [attribute, text])),
        type: { const: name },
        data: { $ref: `./schemas/${name}.json` },
      },
    }),
    examples: [{ payload: { ...Object.fromEntries(attributes), data } }],
  };
}

const payload = (schema: object) => ({ schemaFormat: 'application/schema+json;version=draft-2020-12', schema });
