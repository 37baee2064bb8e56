import type { Event } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import { describe, expect, it } from 'vitest';
import {
  agent,
  callIn,
  cancelRequested,
  completed,
  continued,
  failed,
  now,
  paused,
  resolved,
} from '../../../test/run.fixtures.js';
import type { RunMessage } from '../messages.js';
import { decideRun } from '../run.js';

const [asked] = paused.calls as [Run['calls'][0]];
const args = { ...asked.tool_execution.tool_args, version: '2.1.1' };
const approved = continued(paused, now, resolved(asked, 'approved', { tool_args: args }));
const event = failed(asked, 'not executed: its preview shows something else than was approved');
const changed: RunMessage = { type: 'preview_changed', agent, event };
const decide = (run: Run, message: RunMessage) => decideRun(run, message, now);

describe('an approved call whose preview had changed', () => {
  const again = continued(approved, now, changed);
  const anew = callIn(again, 'call_a');

  it('is asked for again as the model requested it, by another approval, and the model is not told', () => {
    const transition = decide(approved, changed);
    if (transition.kind !== 'changed') throw new Error(transition.kind);
    expect(transition.events.map(({ type }) => type)).toEqual(['run.paused', 'tool.approval_required']);
    const { data } = transition.events[1] as Event<'tool.approval_required'>;
    expect(data).toMatchObject({ approval_id: anew.id, tool_args: asked.tool_execution.tool_args, repeated: false });
    expect(anew.id).not.toBe(asked.id);
    expect(anew).toMatchObject({
      state: 'asked',
      confirmation: null,
      proposed_args: null,
      asked_before: [asked.id],
      tool_execution: { approval_id: anew.id, tool_call_id: 'call_a', confirmed: null, result: null },
    });
    expect(again).toMatchObject({ status: 'PAUSED', items: approved.items });
  });

  it('has another approval each time', () => {
    const second = callIn(
      continued(again, now, resolved(anew, 'approved'), { ...changed, event: failed(anew) }),
      'call_a',
    );
    expect(new Set([asked.id, anew.id, second.id]).size).toBe(3);
    expect(second.asked_before).toEqual([asked.id, anew.id]);
  });

  it.each<[string, RunMessage]>([
    ['the same news', changed],
    ['the former decision', resolved(asked, 'approved')],
    ['a former rejection', resolved(asked, 'rejected')],
    ['a result of the former execution', completed(asked)],
    ['the failure of it, as any', event],
  ])('knows %s to be over', (_, message) => expect(decide(again, message).kind).toBe('ignored'));

  it('goes on with what comes of the new one', () => {
    const done = continued(again, now, resolved(anew, 'approved'), completed(anew, 'Deployed.'));
    expect(callIn(done, 'call_a')).toMatchObject({ state: 'answered', tool_execution: { result: 'Deployed.' } });
    expect(done.items).toHaveLength(approved.items.length + 1);
    const rejected = continued(again, now, resolved(anew, 'rejected'));
    expect(callIn(rejected, 'call_a').state).toBe('answered');
  });

  it('has failed as any other where its run is over, or its agent is gone', () => {
    expect(callIn(continued(approved, now, { ...changed, agent: null }), 'call_a').state).toBe('answered');
    const cancelled = continued(approved, now, cancelRequested);
    expect(callIn(continued(cancelled, now, changed), 'call_a').state).toBe('answered');
  });
});
