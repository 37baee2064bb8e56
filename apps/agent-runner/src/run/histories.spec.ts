import { Run } from '@countersign/contracts/runs';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { advance, histories, record, type History } from '../../test/run.histories.fixtures.js';

/**
 * Runs outlive the version that started them, so what an earlier one recorded is never changed: a file is written once,
 * when it is not there yet, and later versions add files of their own (`v2`, and so on). What is recorded must still
 * come out; there may be more beside it. What a record says in sentences is for people, and may be worded anew.
 */
const recorded = new URL('../../fixtures/histories/', import.meta.url);
for (const [version, recordings] of Object.entries(histories))
  for (const [name, { says, scenes }] of Object.entries(recordings))
    record(new URL(`${version}/${name}.json`, recorded), says, scenes);

const files = readdirSync(recorded, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
const historyIn = (file: string) => JSON.parse(readFileSync(new URL(file, recorded), 'utf8')) as History;

/** Hands the rest of the messages to the run that was recorded after some of them. */
function replay({ messages, records, events }: History, from: number): void {
  let run = records[from - 1];
  for (const [n, message] of [...messages.entries()].slice(from)) {
    const next = advance(run, message);
    const { error: _, ...recorded } = records[n]!;
    expect(next.run).toMatchObject(recorded);
    expect(next.events).toMatchObject(events[n]!);
    run = next.run;
  }
}

describe.each(files)('the run recorded in %s', (file) => {
  const history = historyIn(file);

  it(`comes out as it did: ${history.says}`, () => replay(history, 0));

  it('is still a run, at each of its steps', () => {
    for (const stored of history.records) expect(Run.parse(stored)).toMatchObject(stored);
  });

  it.each([...history.records.keys()].slice(1))('goes on as it did from what was stored after %i messages', (n) =>
    replay(history, n),
  );
});
