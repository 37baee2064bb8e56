import type { Approval } from '@countersign/contracts/approvals';
import { previewOf } from '@countersign/contracts/previews';
import { visibleText } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { approvalId } from '../connection/ids.js';
import type { Screen } from '../terminal/screen.js';

export const previewCommand = (on: On): Command =>
  new Command('preview')
    .description('Asks once more what one call would do. Until the executor answers, nobody approves the call.')
    .argument('<approval>', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client }, named: string) => {
        const id = await approvalId(client, named);
        screen.show(await client.approvals.preview(id), () => [
          `${screen.paint('green', '✔')} the executor is asked; see: approvals show ${id}`,
        ]);
      }),
    );

/** What its tool says the call would do. */
export function previewText(screen: Screen, approval: Approval): string[] {
  const { preview, approved_args, tool_args } = approval;
  if (!preview) return [];
  const isOfCall = previewOf(approval, approved_args ?? tool_args) !== null;
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
