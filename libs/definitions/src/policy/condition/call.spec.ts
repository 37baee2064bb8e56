import { describe, expect, it } from 'vitest';
import { holds } from './call.js';
import { When } from './condition.js';
import { annotationsOf } from '../../schema/tool-annotations.js';
import { call } from '../../../test/policy.fixtures.js';
import type { Truth } from './truth.js';

const yes = { agent: ['ops'] };
const no = { agent: ['support'] };
const open = { arguments: { environment: { equals: 'staging' } } };

describe('a condition', () => {
  it.each<[object, Truth]>([
    [{}, true],
    [{ agent: ['support', 'ops'] }, true],
    [{ agent: ['support'] }, false],
    [{ tool: ['deploy'] }, true],
    [{ tool: ['deploy_to'] }, false],
    [{ requester: ['ada'] }, true],
    [{ requester: ['grace'] }, false],
    [{ agent: ['ops'], tool: ['refund'] }, false],
    [{ arguments: { version: { equals: '2' }, count: { at_least: 1 } } }, true],
    [{ arguments: { version: { equals: '2' }, count: { at_least: 2 } } }, false],
  ])('%j is %s', (condition, truth) => {
    expect(holds(When.parse(condition), call({ arguments: { version: '2', count: 1 } }))).toBe(truth);
  });

  it('names every tool of an MCP server with server/*', () => {
    const files = When.parse({ tool: ['files/*'] });
    expect(holds(files, call({ tool_name: 'files__delete' }))).toBe(true);
    expect(holds(files, call({ tool_name: 'files_delete' }))).toBe(false);
    expect(holds(files, call({ tool_name: 'old_files__delete' }))).toBe(false);
  });

  it.each<[object, object, Truth]>([
    [{ readOnlyHint: true }, { readOnlyHint: true }, true],
    [{ readOnlyHint: true }, {}, false],
    [{ readOnlyHint: true }, { readOnlyHint: true, destructiveHint: true }, false],
    [{ destructiveHint: false }, {}, false],
    [{ destructiveHint: true }, {}, true],
    [{ destructiveHint: false }, { destructiveHint: false }, true],
    [{ destructiveHint: false }, { readOnlyHint: true }, true],
    [{ destructiveHint: false }, { destructiveHint: 'false' }, false],
    [{ destructiveHint: false, idempotentHint: true }, { destructiveHint: false }, false],
    [{ idempotentHint: false, openWorldHint: true }, {}, true],
  ])('%j of what a trusted server says, %j, is %s', (hints, said, truth) => {
    const when = When.parse({ annotations: { trusted: ['s'], ...hints } });
    expect(holds(when, call({ annotations: annotationsOf('s', said) }))).toBe(truth);
    expect(holds(when, call({ annotations: annotationsOf('s__t', said) }))).toBe('unknown');
    expect(holds({ not: when }, call({ annotations: annotationsOf('other', said) }))).toBe('unknown');
    expect(holds(when, call({ annotations: null }))).toBe('unknown');
  });

  it.each([
    { trusted: ['s'] },
    { readOnlyHint: true },
    { trusted: [], readOnlyHint: true },
    { trusted: ['s'], x: true },
  ])('that trusts nobody or compares nothing is refused: %j', (annotations) => {
    expect(When.safeParse({ annotations }).success).toBe(false);
  });

  it('about the requester is open when nobody knows who that is', () => {
    const unknown = call({ requested_by: null });
    expect(holds(When.parse({ requester: ['ada'] }), unknown)).toBe('unknown');
    expect(holds(When.parse({ not: { requester: ['ada'] } }), unknown)).toBe('unknown');
    expect(holds(When.parse({ requester: ['ada'], tool: ['refund'] }), unknown)).toBe(false);
  });

  it('about the requester means who sent the request and for whom, and is open when these differ', () => {
    const both = { user_id: 'ada', requested_by: 'grace' };
    expect(holds(When.parse({ requester: ['ada', 'grace'] }), call(both))).toBe(true);
    expect(holds(When.parse({ requester: ['ada'] }), call(both))).toBe('unknown');
    expect(holds(When.parse({ requester: ['grace'] }), call(both))).toBe('unknown');
    expect(holds(When.parse({ requester: ['linus'] }), call(both))).toBe(false);
    expect(holds(When.parse({ requester: ['grace'] }), call({ ...both, user_id: null }))).toBe(true);
  });

  it.each<[object[], Truth, Truth]>([
    [[yes], true, true],
    [[no], false, false],
    [[open], 'unknown', 'unknown'],
    [[yes, yes], true, true],
    [[yes, no], false, true],
    [[no, no], false, false],
    [[yes, open], 'unknown', true],
    [[no, open], false, 'unknown'],
    [[open, open], 'unknown', 'unknown'],
    [[yes, no, open], false, true],
  ])('combines %j: all of them is %s, any of them %s', (conditions, all, any) => {
    for (const each of [conditions, conditions.toReversed()]) {
      expect(holds(When.parse({ all: each }), call())).toBe(all);
      expect(holds(When.parse({ any: each }), call())).toBe(any);
    }
  });

  it.each<[object, Truth]>([
    [yes, false],
    [no, true],
    [open, 'unknown'],
    [{ not: open }, 'unknown'],
  ])('not %j is %s', (condition, truth) => {
    expect(holds(When.parse({ not: condition }), call())).toBe(truth);
  });
});
