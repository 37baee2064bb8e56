import type { DeadLetterSummary } from '@countersign/contracts/event-log';
import { after } from '@countersign/contracts/time';
import type { Collection, StoredRecord } from '@countersign/persistence';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import type { World } from '../world/world.js';

type Letter = StoredRecord & Pick<DeadLetterSummary, 'id' | 'given_up_at' | 'settled_at'>;
const deadLetters: Collection<Letter> = { name: 'dead_letters', key: 'id', indexes: [['settled_at']] };

/** Seconds; one day more than things are kept unless the settings say otherwise. */
const longAgo = 91 * 24 * 3600;

/** What is kept for good, and what is not. */
export function retentionScenarios(world: World): void {
  describe('what is old', () => {
    /** As if all that is known of these had happened long ago. */
    const age = (letters: readonly DeadLetterSummary[]) =>
      world.stack.withDatabase(async (database) => {
        const { store } = database.collection(deadLetters);
        for (const { id } of letters) {
          const { version, ...letter } = (await store.get(id))!;
          const given_up_at = after(letter.given_up_at, -longAgo);
          const settled_at = letter.settled_at && after(letter.settled_at, -longAgo);
          const state = { ...letter, given_up_at, settled_at, version: version + 1 };
          await store.commit({ expected: version, state, events: [] });
        }
      });

    it('goes once it has served its purpose, and waits for a person until then', async () => {
      const mark = randomUUID();
      const poison = { topic: 'run.requested', key: mark, headers: {}, value: Buffer.from('not JSON') };
      await world.stack.withBus((bus) => bus.publish([poison, poison, poison]));
      const listed = async () => (await world.client.letters()).filter(({ key }) => key === mark);
      const letters = await eventually('the dead letters', async () => {
        const found = await listed();
        return found.length === 3 && found;
      });
      const [old, open, young] = letters as [DeadLetterSummary, DeadLetterSummary, DeadLetterSummary];
      await world.client.deadLetters.discard(old.id, 'nobody needs it');
      await world.client.deadLetters.discard(young.id, 'nobody needs it');
      await age([old, open]);
      await world.stack.stop('approval-service');
      await world.stack.start();
      await eventually('the old one to go', async () => (await listed()).length === 2);
      const left = (await listed()).map(({ id, status }) => [id, status]);
      expect(left.toSorted()).toEqual(
        [
          [open.id, 'open'],
          [young.id, 'discarded'],
        ].toSorted(),
      );
      await world.client.deadLetters.discard(open.id, 'at last');
    });
  });
}
