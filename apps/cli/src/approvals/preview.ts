import type { Approval, ResolutionData } from '@countersign/contracts/approvals';
import { previewOf } from '@countersign/contracts/previews';
import { visibleText } from '@countersign/contracts/text';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { Screen } from '../terminal/screen.js';

type Wanted = Pick<ResolutionData, 'tool_args' | 'values'>;

/** What would run. */
export const runsWith = ({ approved_args, tool_args }: Approval, wanted: Wanted): Approval['tool_args'] => ({
  ...(wanted.tool_args ?? approved_args ?? tool_args),
  ...wanted.values,
});

/** Whether what would run has to be previewed before it is approved, since the preview is of something else. */
export const needsPreview = (approval: Approval, { result, ...wanted }: ResolutionData): boolean =>
  approval.preview?.required === true &&
  result === undefined &&
  previewOf(approval, runsWith(approval, wanted))?.status !== 'shown';

const lookEveryMs = 200;

/** Asks what the call would do, and waits for the answer. @returns the approval with it @throws Failure when there is none */
export async function askForPreview({ client }: Context, approval: Approval, wanted: Wanted): Promise<Approval> {
  const isUnderWay = previewOf(approval, runsWith(approval, wanted))?.status === 'requested';
  let asked = isUnderWay ? approval : await client.approvals.preview(approval.id, wanted);
  const { round } = asked.preview!;
  while (asked.status === 'pending' && asked.preview?.round === round && asked.preview.status === 'requested') {
    await delay(lookEveryMs);
    asked = await client.approvals.get(approval.id);
  }
  if (previewOf(asked, runsWith(asked, wanted))?.status === 'shown') return asked;
  const why = asked.preview?.reason ?? 'the call was decided, or somebody asked for another one';
  throw new Failure(exitCodes.conflict, `There is no preview of this: ${visibleText(why)}`);
}

/** What its tool says the call would do. */
export function previewText(screen: Screen, approval: Approval, args = runsWith(approval, {})): string[] {
  const { preview } = approval;
  if (!preview) return [];
  const isOfCall = previewOf(approval, args) !== null;
  const lines = (text: string) =>
    visibleText(text)
      .split('\n')
      .map((line) => `  ${line}`);
  const none = preview.status === 'requested' ? 'It is being made.' : `There is none: ${preview.reason ?? ''}`;
  return [
    screen.paint('dim', 'Preview'),
    ...(isOfCall
      ? []
      : [screen.paint('red', '  It is of other arguments than those above, and says nothing of this call.')]),
    ...lines(preview.output ?? none),
    ...(preview.before
      ? [screen.paint('dim', 'It showed when it was approved before'), ...lines(preview.before.output)]
      : []),
  ];
}
