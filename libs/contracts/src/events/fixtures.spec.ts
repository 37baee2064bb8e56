import { Ajv2020 } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, eventNames, previews, type EventName, type ServiceName } from './catalogue.js';
import { callDigest } from '../calls/digest.js';
import { TerminalError } from '../problems/errors.js';
import { eventSource, parseEventData } from './event.js';
import { Traceparent } from '../trace/trace-context.js';
import { approvalId } from './ids.js';

interface Golden {
  headers: Record<string, string>;
  key: string;
  data: Record<string, unknown>;
}

const golden = new URL('../../fixtures/v1/', import.meta.url);
const published = new URL('../../../../docs/schemas/', import.meta.url);
const json = (file: URL): unknown => JSON.parse(readFileSync(file, 'utf8'));
const fixture = (name: EventName) => json(new URL(`${name}.json`, golden)) as Golden;

const sourceOf = (from: string): string =>
  from === 'anyone'
    ? '/release-platform'
    : eventSource(from === 'every service' ? 'approval-service' : (from as ServiceName));

describe('the golden messages of version 1', () => {
  it('are one for each event of the catalogue', () => {
    expect(readdirSync(golden).toSorted()).toEqual(eventNames.map((name) => `${name}.json`).toSorted());
  });

  it('ask for, approve and report one call, whose ids and digest still follow from it', () => {
    const asked = parseEventData('tool.approval_required', fixture('tool.approval_required').data);
    const resolved = parseEventData('approval.resolved', fixture('approval.resolved').data);
    expect(asked.approval_id).toBe(approvalId(asked.run_id, asked.tool_call_id));
    expect(asked.digest).toBe(callDigest(asked));
    expect(resolved.digest).toBe(callDigest(resolved));
  });
});

describe.each(eventNames)('the golden message of %s', (name) => {
  const { headers, key, data } = fixture(name);
  const { from } = catalogue[name];

  it('is a CloudEvents 1.0 message in binary mode, keyed by its run', () => {
    expect(headers).toMatchObject({ 'content-type': 'application/json', ce_specversion: '1.0', ce_type: name });
    expect(headers['ce_source']).toBe(sourceOf(from));
    expect(headers['ce_time']).toBe(new Date(headers['ce_time']!).toISOString());
    expect(Traceparent.safeParse(headers['traceparent']).success).toBe(true);
    for (const attribute of ['ce_id', 'ce_subject']) expect(headers[attribute]).not.toBe('');
    if ('run_id' in data) expect(key).toBe(data['run_id']);
  });

  it('has a number where it is of a change of a record, and nowhere else', () => {
    const { ce_id, ce_sequence, ce_sequencetype, ce_subject } = headers;
    const isOfChange = /^\/\d+\/\d+$/.test(ce_id!.slice(ce_subject!.length));
    expect(ce_sequencetype).toBe(isOfChange ? 'Integer' : undefined);
    if (isOfChange) expect(ce_sequence).toMatch(/^\d{9}[1-9]$/);
    if (previews.has(name)) expect(isOfChange).toBe(false);
  });

  it('still parses, to the same value beside the defaults of what came later', () => {
    const parsed = parseEventData(name, data);
    expect(parsed).toMatchObject(data);
    expect(parseEventData(name, JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  it('is valid by the published schema', () => {
    const validate = new Ajv2020({ strict: true }).compile(json(new URL(`${name}.json`, published)) as object);
    expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
  });

  const required = Object.entries(catalogue[name].schema.shape).flatMap(([field, schema]) =>
    schema.safeParse(undefined).success ? [] : [field],
  );
  it.each(required)('is refused without its %s, by the code and by the published schema', (field) => {
    const { [field]: _, ...incomplete } = data;
    const validate = new Ajv2020({ strict: true }).compile(json(new URL(`${name}.json`, published)) as object);
    expect(validate(incomplete)).toBe(false);
    expect(() => parseEventData(name, incomplete)).toThrow(TerminalError);
    expect(() => parseEventData(name, incomplete)).toThrow(field);
  });

  it('may say more than this version knows, which is left out', () => {
    expect(parseEventData(name, { ...data, of_a_later_version: true })).toEqual(parseEventData(name, data));
  });
});
