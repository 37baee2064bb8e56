import { Approval } from '@countersign/contracts';
import { approvalText } from './approvals.show.js';
import type { Context } from './context.js';
import { exitCodes, Failure } from './exit-codes.js';
import { Questions } from './questions.js';
import { pathOf } from './server.js';
import { plural } from './words.js';

/** What somebody decides on, by the ids of the approvals. */
export type Digests = Record<string, string>;

/**
 * Shows whoever sits at a terminal all of what they are about to approve, and asks. A script says what it approves by
 * its id and is asked nothing.
 *
 * @returns the digest of each that was shown, by its id
 *
 * @throws Failure when they would rather not
 */
export async function seeBefore({ screen, server, surroundings }: Context, ids: readonly string[]): Promise<Digests> {
  if (!screen.canAsk) return {};
  const digests: Digests = {};
  for (const id of ids) {
    const approval = await server.get(Approval, pathOf`/approvals/${id}`);
    screen.note('', ...approvalText(screen, approval));
    digests[id] = approval.digest;
  }
  const what = ids.length === 1 ? 'it' : `these ${plural(ids.length, 'call')}`;
  const answer = await new Questions(surroundings).choose(`Approve ${what}?`, [
    { value: 'no', label: 'No, leave it pending' },
    { value: 'yes', label: 'Yes' },
  ]);
  if (answer !== 'yes') throw new Failure(exitCodes.failed, 'Nothing was decided.');
  return digests;
}
