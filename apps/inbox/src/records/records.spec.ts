import { eventNames } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';
import { expect, it } from 'vitest';
import { eventTypes, newestFirst } from './events.js';
import { textOf } from './message-text.js';

const event = (id: string, time: string): LoggedEvent => ({
  id,
  time,
  type: 'run.started',
  source: '/countersign/agent-runner',
  subject: 'runs/1',
  run_id: '1',
  data: {},
});

it('every event of the catalogue can be looked for', () => {
  expect(eventTypes.toSorted()).toEqual(eventNames.toSorted());
});

it('events are shown once and the newest first, however they came', () => {
  const [old, middle, young] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z'].map((time, n) =>
    event(String(n), time),
  );
  expect(newestFirst([middle!, old!, young!, middle!])).toEqual([young, middle, old]);
});

it.each([
  [null, '(no value)'],
  [btoa('not JSON'), 'not JSON'],
  [btoa('{"a":1}'), '{\n  "a": 1\n}'],
  [btoa('{"a":2512292042121000001}'), '{"a":2512292042121000001}'],
  [btoa('{"a":1,"a":2}'), '{"a":1,"a":2}'],
  ['w7w=', 'ü'],
])('the bytes of a message are shown as text: %s', (value, text) => {
  expect(textOf(value)).toBe(text);
});
