import { actorIn, toolIn } from '@countersign/contracts/audit';
import { eventNames } from '@countersign/contracts';
import { atMillis } from '@countersign/contracts/time';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leafOf, type Entry, type Recordable } from '../record/entry.js';
import { exported } from './exported.js';

const read = (url: string): unknown => JSON.parse(readFileSync(new URL(url, import.meta.url), 'utf8'));
const { $defs, classes } = read('../../fixtures/ocsf-1.8.0.json') as { $defs: object; classes: Record<string, object> };
const validators = new Map(
  [
    [3002, 'authentication'],
    [3004, 'entity_management'],
    [6003, 'api_activity'],
  ].map(([uid, name]) => [uid, new Ajv2020({ strict: false }).compile({ $defs, ...classes[name as string] })]),
);

function entryOf(event: Omit<Recordable, 'content'>, position = 7): Entry {
  const leaf = leafOf({ ...event, content: '' }, 3);
  return {
    position,
    identity: '',
    content: '',
    key: event.key,
    sequence: 3,
    type: event.type,
    actor: actorIn(event),
    tool_name: toolIn(event.data),
    time: event.time,
    recorded_at: atMillis(1_000),
    leaf,
    nodes: 'aGFzaA== b3RoZXI=',
  };
}

interface Golden {
  headers: Record<string, string>;
  key: string;
  data: Record<string, unknown>;
}
const goldenOf = (name: string): Entry => {
  const { headers, key, data } = read(`../../../../libs/contracts/fixtures/v1/${name}.json`) as Golden;
  const at = (attribute: string) => headers[`ce_${attribute}`]!;
  const by = headers['ce_authid'] === undefined ? {} : { authid: headers['ce_authid'] };
  return entryOf({
    id: at('id'),
    source: at('source'),
    type: name,
    time: at('time'),
    subject: at('subject'),
    ...by,
    key,
    data,
  });
};
const unreadable = entryOf({
  id: 'run.started/0/7',
  source: '/countersign/audit',
  type: 'audit.unreadable_message',
  time: 'no time',
  subject: 's',
  key: 'k',
  data: { topic: 'run.started', partition: 0, offset: '7', code: 'not_json' },
});
const all = [...eventNames.map(goldenOf), unreadable];

describe('entries for another system', () => {
  it('are a line each, with the entry to the byte', () => {
    const lines = exported(all, 'ndjson').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(all.length);
    for (const [n, line] of lines.entries()) {
      expect(line).toContain(`"entry":${all[n]!.leaf}}`);
      expect(JSON.parse(line)).toMatchObject({ index: 7, leaf_hash: 'aGFzaA==', entry: { sequence: 3 } });
    }
  });

  it.each(all.map((entry) => [entry.type, entry] as const))('%s is an event of OCSF', (_, entry) => {
    const event = JSON.parse(exported([entry], 'ocsf')) as { class_uid: number; raw_data: string };
    const validate = validators.get(event.class_uid)!;
    expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    expect(event.raw_data).toBe(entry.leaf);
  });

  it.each<[string, object]>([
    ['an attribute that there is not', { made_up: 1 }],
    ['an activity of another class', { type_uid: 300401 }],
    ['no actor', { actor: undefined }],
    ['an actor who is nobody', { actor: {} }],
    ['no time', { time: '2026-09-01' }],
  ])('would be no event of OCSF with %s', (_, change) => {
    const event = JSON.parse(exported([goldenOf('run.started')], 'ocsf')) as object;
    expect(validators.get(6003)!(JSON.parse(JSON.stringify({ ...event, ...change })))).toBe(false);
  });

  it('say in OCSF who tried what, and that it was refused', () => {
    const of = (type: string) => JSON.parse(exported([goldenOf(type)], 'ocsf')) as object;
    expect(of('access.signed_in')).toMatchObject({
      class_uid: 3002,
      activity_id: 1,
      status_id: 1,
      user: { name: 'ada' },
    });
    expect(of('access.refused')).toMatchObject({
      class_uid: 6003,
      status_id: 2,
      status_code: 'may_not_decide',
      severity_id: 3,
      actor: { user: { name: 'ada' } },
    });
    expect(of('access.key_revoked')).toMatchObject({ class_uid: 3004, activity_id: 4, entity: { type: 'API key' } });
    expect(of('approval.glass_broken')).toMatchObject({ severity_id: 4, status_id: 1 });
    expect(of('tool.execution_outcome_unknown')).toMatchObject({ class_uid: 6003, severity_id: 4, status_id: 2 });
  });

  it('are read from CEF as they were written, whatever is in them, and no one of them is taken for two', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('|', '\\', '=', '\n', '\r', ' ', 'a', ' x=', '\u2028', '\0', '\ud800', '\u0085', 'CEF:0|'),
    });
    const text = fc.oneof(nasty, fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, text, text, (authid, tool_name, key) => {
        const entry = entryOf({
          id: 'i',
          source: 's',
          type: 'tool.paused',
          time: '2026-09-01T09:30:00.000Z',
          subject: 's',
          authid,
          key,
          data: { tool_name },
        });
        const line = exported([entry], 'cef');
        expect(line.match(/[\n\r\u2028\u2029\u0085\0]/g)).toEqual(['\n']);
        const { header, extension } = cefIn(line.slice(0, -1));
        expect(header.slice(0, 5)).toEqual(['CEF:0', 'Countersign', 'Countersign', '1', 'tool.paused']);
        const shown = (value: string) => value.replace(/[^\P{Cc}\n\r]|[\p{Zl}\p{Zp}]/gu, ' ').toWellFormed();
        expect(extension['suser']).toBe(shown(authid));
        expect(extension['cs1']).toBe(shown(key));
        if (tool_name !== '') expect(extension['cs3']).toBe(shown(tool_name));
        expect(Object.keys(extension).filter((name) => !known.has(name))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('name in CEF a type that anybody made up without becoming another', () => {
    const entry = entryOf({ id: 'i', source: 's', type: 'a|b\\c\nCEF:0|x', time: '', subject: '', key: 'k', data: {} });
    expect(cefIn(exported([entry], 'cef').slice(0, -1)).header[4]).toBe('a|b\\c CEF:0|x');
  });
});

const known = new Set([
  'rt',
  'externalId',
  'outcome',
  'suser',
  'sourceServiceName',
  'cn1',
  'cn1Label',
  ...[1, 2, 3, 4, 5].flatMap((n) => [`cs${n}`, `cs${n}Label`]),
]);

/** As ArcSight says that it is read. */
function cefIn(line: string): { header: string[]; extension: Record<string, string> } {
  const parts = /^((?:[^\\|]|\\[\\|])*\|){7}/.exec(line)![0];
  const header = parts
    .slice(0, -1)
    .split(/(?<!(?<!\\)(?:\\\\)*\\)\|/)
    .map((part) => part.replace(/\\([\\|])/g, '$1'));
  const said = [...line.slice(parts.length).matchAll(/(?:^| )([A-Za-z0-9]+)=((?:[^\\=]|\\.)*)(?=$| [A-Za-z0-9]+=)/gs)];
  const text = (value: string) => value.replace(/\\(.)/g, (_, char: string) => ({ n: '\n', r: '\r' })[char] ?? char);
  return { header, extension: Object.fromEntries(said.map(([, name, value]) => [name!, text(value!)])) };
}
