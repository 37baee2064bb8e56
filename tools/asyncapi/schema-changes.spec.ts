import { catalogue, eventJsonSchema, isCommand, type EventName } from '@countersign/contracts';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { breaks, type Schema, type Side } from './schema-changes.js';

const released = new URL('../../docs/schemas/v1/', import.meta.url);
const names = readdirSync(released).map((file) => file.replace(/\.json$/, ''));
const releasedSchema = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, released), 'utf8')) as Schema;
const current = (name: string) => structuredClone(eventJsonSchema(name as EventName)) as Schema;
/** Whoever listens reads everything, and commands are written by others besides. */
const sidesOf = (name: string): Side[] => (isCommand(name as EventName) ? ['readers', 'writers'] : ['readers']);

describe('the schemas that were released as version 1', () => {
  it('are of events that there still are', () => {
    expect(names.filter((name) => !(name in catalogue))).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });

  it.each(names)('of %s are kept: whoever holds to it is not broken', (name) => {
    for (const side of sidesOf(name)) expect(breaks(releasedSchema(name), current(name), side)).toEqual([]);
  });
});

describe('a break', () => {
  const planted: [string, EventName, Side, (schema: Schema) => void, RegExp][] = [
    ['a field that is gone', 'run.completed', 'readers', (s) => delete s.properties!['content'], /^content: is gone$/],
    [
      'a field of an inner object that is gone',
      'run.completed',
      'readers',
      (s) => delete s.properties!['usage']!.properties!['input_tokens'],
      /^usage\.input_tokens: is gone$/,
    ],
    [
      'another type',
      'run.completed',
      'readers',
      (s) => (s.properties!['steps'] = { type: 'string' }),
      /^steps: string is new$/,
    ],
    [
      'null where there was none',
      'run.completed',
      'readers',
      (s) => (s.properties!['content'] = { anyOf: [{ type: 'string' }, { type: 'null' }] }),
      /^content: null is new$/,
    ],
    [
      'a value that no reader knows',
      'approval.resolved',
      'readers',
      (s) => s.properties!['status']!.enum!.push('postponed'),
      /^status: "postponed" is new$/,
    ],
    [
      'a field that may be missing now',
      'run.completed',
      'readers',
      (s) => (s.required = s.required!.filter((each) => each !== 'content')),
      /^content: is not always/,
    ],
    [
      'a new field that a writer must know',
      'run.requested',
      'writers',
      (s) => {
        s.properties!['team'] = { type: 'string' };
        s.required!.push('team');
      },
      /^team: is new, and has to be there$/,
    ],
    [
      'a field that a writer could leave out',
      'run.requested',
      'writers',
      (s) => s.required!.push('session_id'),
      /^session_id: has to be there now$/,
    ],
    [
      'a shorter input',
      'run.requested',
      'writers',
      (s) => (s.properties!['input']!['maxLength'] = 10),
      /^input: maxLength is 10 now$/,
    ],
    [
      'a verdict that is gone',
      'approval.resolve_requested',
      'writers',
      (s) => s.properties!['status']!.enum!.shift(),
      /^status: ".*" is gone$/,
    ],
  ];

  it.each(planted)('is found: %s in %s, by %s', (_, name, side, change, said) => {
    const changed = current(name);
    change(changed);
    expect(breaks(current(name), changed, side)).toEqual([expect.stringMatching(said)]);
  });

  it('is none where a field is new that nobody has to know, or a writer may do more', () => {
    const more = current('run.requested');
    more.properties!['team'] = { type: 'string' };
    more.properties!['input']!['maxLength'] = 200_000;
    for (const side of ['readers', 'writers'] as const)
      expect(breaks(current('run.requested'), more, side)).toEqual([]);
  });
});
