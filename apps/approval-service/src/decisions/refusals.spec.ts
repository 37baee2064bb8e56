import { parseEventData } from '@countersign/contracts';
import { atMillis } from '@countersign/contracts/time';
import { decode, type Message } from '@countersign/messaging';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it } from 'vitest';
import { approvalAfter, required } from '../../test/approval.fixtures.js';
import { Refusals } from './refusals.js';

const golden = goldenEvent('approval.resolve_refused');
const { command_id, reason, code } = golden.data;
const why = { reason, code: code! };
const approval = approvalAfter(required());

describe('a command that does not count', () => {
  const published: Message[] = [];
  const bus = { publish: async (messages: readonly Message[]) => void published.push(...messages) };
  const refusals = new Refusals(bus, () => atMillis(Date.parse(golden.time)));
  const events = () => published.map((each) => decode({ ...each, partition: 0, offset: '0', timestamp: 0 }));

  it('is answered beside its approval, as it was in version 1', async () => {
    await refusals.publish(approval, command_id, why);
    const [event] = events();
    expect(event).toEqual(golden);
    expect(parseEventData('approval.resolve_refused', event!.data)).toEqual(event!.data);
  });

  it('has one answer, so that whoever sees it twice can tell', async () => {
    await refusals.publish(approval, command_id, why);
    await refusals.publish(approval, 'another', { ...why, code: 'call_changed' });
    const [one, again, other] = events().map(({ id }) => id);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
    expect(events().at(-1)!.data).toMatchObject({ code: 'call_changed' });
  });
});
