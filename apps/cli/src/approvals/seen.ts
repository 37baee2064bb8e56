import type { CountersignClient } from '@countersign/client';
import { Approval, type ResolutionData } from '@countersign/contracts/approvals';
import { runsWith } from './preview.js';
import { approvalText } from './show.js';
import type { Context } from '../connection/context.js';
import { approvalId } from '../connection/ids.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { Questions } from '../terminal/questions.js';
import { plural } from '../terminal/words.js';

/** What is decided on, by the ids of the approvals. */
export type Digests = Record<string, string>;

/** The approvals as they are, before any of them is decided on. @param ids or beginnings of ids @throws ApiError when one is not there */
export async function readAll(client: CountersignClient, ids: readonly string[]): Promise<Approval[]> {
  const approvals: Approval[] = [];
  for (const id of ids) approvals.push(await client.approvals.get(await approvalId(client, id)));
  return approvals;
}

/** What a decision is about: each call as it was read, or the digest that the user names. */
export const digestsOf = (approvals: readonly Approval[], { digest }: { digest?: string }): Digests =>
  Object.fromEntries(approvals.map((approval) => [approval.id, digest ?? approval.digest]));

/**
 * Shows whoever sits at a terminal all of what they are about to approve, and asks. A script says what it approves by
 * its id without a question.
 *
 * @throws Failure when they would rather not
 */
export async function seeBefore(
  { screen, environment }: Context,
  approvals: readonly Approval[],
  data: ResolutionData = {},
): Promise<void> {
  if (!screen.canAsk) return;
  for (const approval of approvals) screen.note('', ...approvalText(screen, approval, runsWith(approval, data)));
  const what = approvals.length === 1 ? 'it' : `these ${plural(approvals.length, 'call')}`;
  const answer = await new Questions(environment).choose(`Approve ${what}?`, [
    { value: 'no', label: 'No, leave it pending' },
    { value: 'yes', label: 'Yes' },
  ]);
  if (answer !== 'yes') throw new Failure(exitCodes.failed, 'Nothing was decided.');
}
