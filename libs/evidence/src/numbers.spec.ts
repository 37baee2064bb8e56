import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Office, type Told } from '../test/evidence.fixtures.js';
import { numbersIn, type Numbered } from './gaps.js';
import { verifyEvidence } from './verify.js';

const event = (
  place: string,
  record_sequence?: unknown,
  record = 'runs/run-1',
  source = '/countersign/agent-runner',
): Numbered => ({
  id: `${record}/${place}`,
  source,
  line: 1,
  record_sequence,
});
const found = (...events: Numbered[]) => {
  const { missing, repeated, unnumbered } = numbersIn(events);
  return { missing: missing.map(({ id }) => id), repeated: repeated.map(({ id }) => id), unnumbered };
};
const nothing = { missing: [], repeated: [], unnumbered: 0 };

describe('numbers of a record', () => {
  it('are whole in whatever order they came, each source and record by itself', () => {
    const other = event('1/0', 1, 'approvals/a');
    expect(
      found(event('3/0', 2), other, event('1/0', 1), event('1/0', 1, 'runs/run-1', '/countersign/executor')),
    ).toEqual(nothing);
  });

  it('that no event has are named, however many, and not one by one', () => {
    expect(found(event('1/0', 1), event('3/0', 3), event('9/1', 2_000_000_000))).toEqual({
      ...nothing,
      missing: ['runs/run-1#2', 'runs/run-1#4-1999999999'],
    });
    expect(found(event('1/1', 2)).missing).toEqual(['runs/run-1#1']);
  });

  it('that two events have are a contradiction, and one that came twice is none', () => {
    expect(found(event('1/0', 1), event('2/0', 1), event('2/0', 1))).toEqual({
      ...nothing,
      repeated: ['runs/run-1#1'],
    });
  });

  it('begin with 1 where a record is older than numbers', () => {
    expect(found(event('1/0'), event('2/0'), event('5/0', 1), event('6/0', 2))).toEqual({ ...nothing, unnumbered: 2 });
    expect(found(event('1/0'), event('2/0'), event('5/0', 2)).missing).toEqual([]);
    expect(found(event('2/0'), event('5/0', 3)).missing).toEqual(['runs/run-1#1-2']);
  });

  it('may be left out by a former version that publishes the event of another, and by nothing else', () => {
    expect(found(event('1/0', 1), event('2/0'), event('3/0'), event('4/0', 3)).missing).toEqual([]);
    expect(found(event('1/0', 1), event('4/0', 3), event('5/0')).missing).toEqual(['runs/run-1#2']);
    expect(found(event('1/0', 1), event('2/0', undefined, 'runs/run-2'), event('4/0', 3)).missing).toEqual([
      'runs/run-1#2',
    ]);
  });

  it('are counted once where the id of the missing event is known', () => {
    const { missing } = numbersIn([event('1/0', 1), event('2/1', 3)], [{ id: 'runs/run-1/2/0', line: 2 }]);
    expect(missing).toEqual([]);
  });

  it.each([0, -1, 1.5, '1', null, 2 ** 53, true])('are none such as %j', (value) => {
    expect(found(event('1/0', value))).toEqual({ ...nothing, unnumbered: 1 });
  });

  it('are of events of records alone, and of services', () => {
    expect(found({ ...event('1/0', 9), id: 'platform-7' }, event('1/0', 9, 'orders/1', '/platform'))).toEqual(nothing);
  });
});

/** As services send them: events of a record have rising versions, and numbers without a gap. */
const history = fc
  .array(fc.record({ record: fc.nat(2), changes: fc.nat(3), versions: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((changes) => {
    const at = new Map<number, { version: number; sequence: number }>();
    return changes.flatMap(({ record, changes: events, versions }) => {
      const { version, sequence } = at.get(record) ?? { version: 0, sequence: 0 };
      at.set(record, { version: version + versions, sequence: sequence + events });
      return Array.from({ length: events }, (_, n) =>
        event(`${version + versions}/${n}`, sequence + n + 1, `runs/${record}`),
      );
    });
  });
const isLast = (events: readonly Numbered[], one: Numbered): boolean =>
  !events.some(
    ({ id, record_sequence }) =>
      id.split('/')[1] === one.id.split('/')[1] && (record_sequence as number) > (one.record_sequence as number),
  );

describe('whatever happened', () => {
  it('an event that was dropped before the log is found, unless its record said nothing after it', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.boolean(), (events, pick, isReversed) => {
        const shuffled = isReversed ? events.toReversed() : events;
        expect(numbersIn(shuffled)).toEqual({ missing: [], repeated: [], unnumbered: 0 });
        if (events.length === 0) return;
        const dropped = events[pick % events.length]!;
        const { missing } = numbersIn(shuffled.filter((each) => each !== dropped));
        const name = `runs/${dropped.id.split('/')[1]}#${String(dropped.record_sequence)}`;
        expect(missing.map(({ id }) => id)).toEqual(isLast(events, dropped) ? [] : [name]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('one of a restored store, which takes its numbers again, is found', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, pick) => {
        if (events.length === 0) return;
        const one = events[pick % events.length]!;
        const again = { ...one, id: one.id.replace(/\d+\/\d+$/, '99/0') };
        expect(numbersIn([...events, again]).repeated).toHaveLength(1);
      }),
    );
  });
});

it('evidence from which an event was dropped before it was recorded holds, and says so', async () => {
  const office = new Office();
  const [run, approval, execution] = ['runs/run-1', 'approvals/run-1-approval', 'executions/run-1-approval'];
  const ids = [run, run, approval, approval, approval, execution, execution, run];
  const counts = new Map<string, number>();
  const told: Told[] = office.story('run-1').map((each, n) => {
    const record = ids[n]!;
    const record_sequence = (counts.get(record) ?? 0) + 1;
    counts.set(record, record_sequence);
    return { ...each, id: `${record}/${record_sequence * 2}/0`, record_sequence };
  });
  const verify = async (story: Told[]) => verifyEvidence(Buffer.from(await office.bundle('run-1', story)), office.key);
  expect(await verify(told)).toMatchObject({ holds: true, missing: [], repeated: [], unnumbered: 0 });
  const dropped = told.filter(({ type }) => type !== 'approval.decision_recorded');
  expect(await verify(dropped)).toMatchObject({
    holds: true,
    missing: [{ id: 'approvals/run-1-approval#2', line: 5 }],
  });
  const restored = [...told, { ...told.at(-1)!, id: 'runs/run-1/8/0' }];
  expect(await verify(restored)).toMatchObject({
    holds: true,
    missing: [],
    repeated: [{ id: 'runs/run-1#3', line: 10 }],
  });
});
