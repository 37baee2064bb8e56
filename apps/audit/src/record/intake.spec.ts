import type { Delivery } from '@countersign/messaging';
import { describe, expect, it } from 'vitest';
import { actorIn } from '@countersign/contracts/audit';
import { leafOf } from './entry.js';
import { recordableOf, unreadable } from './intake.js';

const delivery = (topic: string, data: unknown, headers: Record<string, string> = {}): Delivery => ({
  topic,
  key: 'run-1',
  headers: { ce_id: 'e-1', ce_source: '/platform', ce_time: '2026-09-01T09:30:00.000Z', ...headers },
  value: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
  partition: 3,
  offset: '9',
  timestamp: Date.parse('2026-09-01T09:30:01Z'),
});

describe('what goes on record', () => {
  it('is the event with its secrets hidden, as canonical JSON', () => {
    const command = delivery('approval.resolve_requested', {
      approval_id: 'a-1',
      status: 'approved',
      token: 'ey.secret',
      resolution_data: { tool_args: { password: 's3cret' }, note: 'fine' },
    });
    const recordable = recordableOf(command, () => 'all');
    const leaf = leafOf(recordable, 7);
    expect(leaf).toBe(
      '{"data":{"approval_id":"a-1","resolution_data":{"note":"fine","tool_args":{"password":"[redacted]"}},"status":"approved"},' +
        '"id":"e-1","key":"run-1","sequence":7,"source":"/platform","subject":"run-1","time":"2026-09-01T09:30:00.000Z","type":"approval.resolve_requested"}',
    );
    expect(leaf).not.toMatch(/s3cret|ey\.secret|content/);
  });

  it('says who did it, by the word of whoever sent it, and finds it by them', () => {
    const by = { ce_authtype: 'user', ce_authid: 'ada', ce_authclaims: '{"via":"session"}', ce_causationid: 'c-1' };
    const recordable = recordableOf(delivery('run.cancel_requested', { run_id: 'run-1' }, by), () => []);
    expect(JSON.parse(leafOf(recordable, 1))).toMatchObject({ authtype: 'user', authid: 'ada', causationid: 'c-1' });
    expect(actorIn(recordable)).toBe('ada');
    const other = { ...by, ce_authid: 'eve' };
    const { content } = recordableOf(delivery('run.cancel_requested', { run_id: 'run-1' }, other), () => []);
    expect(content).not.toBe(recordable.content);
  });

  it('has the number that its sender counts, without which a former version publishes the same event', () => {
    const of = (headers: Record<string, string>) =>
      recordableOf(delivery('run.cancel_requested', { run_id: 'run-1' }, headers), () => []);
    const numbered = of({ ce_sequence: '0000000012', ce_sequencetype: 'Integer' });
    expect(JSON.parse(leafOf(numbered, 3))).toMatchObject({ record_sequence: 12, sequence: 3 });
    expect(leafOf(of({}), 3)).not.toContain('record_sequence');
    expect(of({}).content).toBe(numbered.content);
  });

  it('tells events apart by all that arrived, also by what is hidden', () => {
    const of = (password: string) =>
      recordableOf(
        delivery('approval.resolve_requested', {
          approval_id: 'a-1',
          status: 'approved',
          resolution_data: { tool_args: { password } },
        }),
        () => 'all',
      );
    expect(leafOf(of('one'), 1)).toBe(leafOf(of('two'), 1));
    expect(of('one').content).not.toBe(of('two').content);
  });

  it.each(['no JSON {', '{"agent_id": 7}', ''])('is where a message is that is no event, and why: %j', (text) => {
    const recordable = recordableOf(delivery('run.requested', text), () => []);
    expect(recordable).toMatchObject({
      type: unreadable,
      id: 'run.requested/3/9',
      source: '/countersign/audit',
      key: 'run-1',
      data: { topic: 'run.requested', partition: 3, offset: '9', code: expect.stringMatching(/^[a-z_]+$/) },
    });
    expect(recordable.data).not.toHaveProperty('value');
  });
});
