import { problems } from '@countersign/contracts/problems';
import type { ContinueRunRequest, Run } from '@countersign/contracts/runs';
import { describe, expect, it } from 'vitest';
import { requirementOf } from '../run/call.js';
import {
  call,
  callIn,
  callTo,
  claimed,
  completed,
  continued,
  now,
  paused,
  requested,
  resolved,
  responded,
  runAfter,
} from '../../test/run.fixtures.js';
import { resolutionsIn } from './resolutions.js';

/** The run waits for its caller in all three ways. */
const waiting = runAfter(
  requested,
  claimed,
  responded(
    callTo('send', 'call_a'),
    callTo('ask_person', 'call_b', { question: 'Which?' }),
    callTo('show_map', 'call_c'),
  ),
);
const idOf = (tool_call_id: string, run: Run = waiting) => callIn(run, tool_call_id).id;

/** Every call as an agno client sends it: as it came, with what was resolved. */
const asTools = (run: Run, change: Record<string, object> = {}) =>
  run.calls.map(({ tool_execution }) => ({ ...tool_execution, ...change[tool_execution.tool_call_id] }));
const asRequirements = (run: Run, change: Record<string, object> = {}) =>
  run.calls.map((each) => ({ ...requirementOf(each), ...change[each.tool_execution.tool_call_id] }));
const field = (value: unknown) => ({ user_input_schema: [{ name: 'answer', field_type: 'str', value }] });

function problemOf(run: Run, body: ContinueRunRequest) {
  const found = resolutionsIn(run, body);
  if ('ok' in found) return expect.unreachable('it is accepted');
  return { ...found, status: problems[found.code].status };
}

function takenFrom(run: Run, body: ContinueRunRequest) {
  const found = resolutionsIn(run, body);
  return 'ok' in found ? found.ok : expect.unreachable(found.message);
}

describe('what a request to continue resolves', () => {
  const expected = [
    { id: idOf('call_a'), confirmed: true, note: 'go on' },
    { id: idOf('call_b'), values: { answer: 'The second.' } },
    { id: idOf('call_c'), result: 'shown' },
  ];

  it('is read from the tools that agno’s clients send', () => {
    const tools = asTools(waiting, {
      call_a: { confirmed: true, confirmation_note: 'go on' },
      call_b: field('The second.'),
      call_c: { result: 'shown' },
    });
    expect(takenFrom(waiting, { tools })).toMatchObject(expected);
  });

  it('is read from the requirements that agno’s clients send', () => {
    const requirements = asRequirements(waiting, {
      call_a: { confirmation: true, confirmation_note: 'go on' },
      call_b: field('The second.'),
      call_c: { external_execution_result: 'shown' },
    });
    expect(takenFrom(waiting, { requirements })).toMatchObject(expected);
  });

  it('is read from the tool of a requirement when the requirement itself does not say it', () => {
    const requirements = [{ tool_execution: { tool_call_id: 'call_a', confirmed: false, confirmation_note: 'no' } }];
    expect(takenFrom(waiting, { requirements })).toMatchObject([{ id: idOf('call_a'), confirmed: false, note: 'no' }]);
  });

  it('leaves a call open that is sent as it came', () => {
    const resolutions = takenFrom(waiting, { tools: asTools(waiting) });
    const message = { type: 'resolved_by_caller', resolutions } as const;
    expect(() => continued(waiting, now, message)).toThrow('nothing was resolved');
  });

  it('may be a part of what the run waits for', () => {
    const run = continued(waiting, now, {
      type: 'resolved_by_caller',
      resolutions: takenFrom(waiting, { tools: [{ tool_call_id: 'call_c', result: 'shown' }] }),
    });
    expect(run.status).toBe('PAUSED');
    expect(callIn(run, 'call_c').state).toBe('answered');
  });

  it('may be said again, and changes nothing then', () => {
    const tools = asTools(waiting, {
      call_a: { confirmed: true },
      call_b: field('This.'),
      call_c: { result: 'shown' },
    });
    const run = continued(waiting, now, { type: 'resolved_by_caller', resolutions: takenFrom(waiting, { tools }) });
    expect(run.status).toBe('PENDING');
    expect(takenFrom(run, { tools })).toEqual([]);
  });

  it('is nothing when nothing is sent', () => {
    expect(takenFrom(waiting, {})).toEqual([]);
  });

  it('tells calls apart when the model used an id again', () => {
    const { id } = callIn(waiting, 'call_a');
    const again = continued(
      waiting,
      now,
      {
        type: 'resolved_by_caller',
        resolutions: takenFrom(waiting, {
          tools: asTools(waiting, { call_a: { confirmed: false }, call_b: field('x'), call_c: { result: 'x' } }),
        }),
      },
      claimed,
      responded(callTo('send', 'call_a', { what: 'that' })),
    );
    const [resolution] = takenFrom(again, { tools: [{ tool_call_id: 'call_a#1', confirmed: true }] });
    expect(resolution!.id).toBe(again.calls.at(-1)!.id);
    expect(resolution!.id).not.toBe(id);
  });
});

describe('a request to continue is refused', () => {
  it('while a call has not been approved, since its caller does not approve', () => {
    for (const confirmed of [true, false, undefined]) {
      const { status, message } = problemOf(paused, { tools: [{ tool_call_id: 'call_a', confirmed }] });
      expect(status).toBe(403);
      expect(message).toContain(`resolve approval ${idOf('call_a', paused)}`);
    }
    expect(problemOf(paused, {}).status).toBe(403);
  });

  it('with the result of a call that an executor makes', () => {
    const run = continued(paused, now, resolved(callIn(paused, 'call_a'), 'approved'));
    expect(problemOf(run, { tools: [{ tool_call_id: 'call_a', result: 'done' }] }).status).toBe(409);
    expect(takenFrom(run, { tools: [{ tool_call_id: 'call_a', confirmed: true }] })).toEqual([]);
  });

  it('and accepted with a result that the call has already', () => {
    const run = continued(
      paused,
      now,
      resolved(callIn(paused, 'call_a'), 'approved'),
      completed(callIn(paused, 'call_a')),
    );
    expect(takenFrom(run, { tools: asTools(run) })).toEqual([]);
  });

  it('with the result of an approved function', () => {
    const asked = runAfter(requested, claimed, responded(callTo('refund', 'call_a')));
    const run = continued(asked, now, resolved(callIn(asked, 'call_a'), 'approved'));
    expect(problemOf(run, { tools: [{ tool_call_id: 'call_a', result: 'done' }] }).status).toBe(409);
  });

  it('with values that do not fit, and says which', () => {
    const { status, message } = problemOf(waiting, { tools: [{ tool_call_id: 'call_b', ...field(7) }] });
    expect(status).toBe(422);
    expect(message).toBe('What was filled in does not fit: answer: must be string');
  });

  it('for a call that the run does not have', () => {
    expect(problemOf(waiting, { tools: [{ tool_call_id: 'call_x', confirmed: true }] }).status).toBe(422);
    expect(problemOf(waiting, { requirements: [{ id: 'unknown' }] }).message).toContain('has no call "unknown"');
    expect(problemOf(waiting, { requirements: [{}] }).status).toBe(422);
  });

  it('only where it must be: fields that nobody asked for are left out', () => {
    const user_input_schema = [
      { name: 'answer', value: 'This.' },
      { name: 'question', value: 'Another?' },
    ];
    expect(takenFrom(waiting, { tools: [{ tool_call_id: 'call_b', user_input_schema }] })).toMatchObject([
      { values: { answer: 'This.' } },
    ]);
  });

  describe('with a call that needs an approval beside one that does not', () => {
    const both = runAfter(requested, claimed, responded(callTo('send', 'call_a'), call('call_b')));
    const confirmed = { tool_call_id: 'call_a', confirmed: true };

    it('only when it resolves the one that needs it, or nothing', () => {
      expect(problemOf(both, { tools: [confirmed, { tool_call_id: 'call_b', result: 'done' }] }).status).toBe(403);
      expect(problemOf(both, { tools: [] }).status).toBe(403);
    });

    it('not when it merely mentions it', () => {
      const mentioned = { tool_call_id: 'call_b', confirmed: null, result: null };
      const resolutions = takenFrom(both, { tools: [confirmed, mentioned] });
      expect(resolutions).toMatchObject([{ id: callIn(both, 'call_a').id, confirmed: true }]);
    });
  });
});
