import type { ConversationItem, Run } from '@countersign/contracts/runs';
import type { HistoryBounds } from '@countersign/definitions';
import type { z } from 'zod';

/** A rough rule that holds for English; a model's own count is only known afterwards. */
const charactersPerToken = 4;

/**
 * The history of a run from the earlier runs of its session: as many of the latest as fit, oldest first. A run that does not
 * fit whole is reduced to its question and its answer.
 *
 * @param earlier newest first
 */
export function historyOf(
  earlier: readonly Run[],
  { max_items, max_tokens }: z.infer<typeof HistoryBounds>,
): ConversationItem[] {
  let items = max_items;
  let characters = max_tokens * charactersPerToken;
  const included: ConversationItem[][] = [];
  for (const run of earlier) {
    const fitting = [run.items, questionAndAnswer(run)].find(
      (each) => each.length > 0 && each.length <= items && sizeOf(each) <= characters,
    );
    if (!fitting) break;
    items -= fitting.length;
    characters -= sizeOf(fitting);
    included.push(fitting);
  }
  return included.toReversed().flat();
}

const questionAndAnswer = ({ items, content }: Run): ConversationItem[] =>
  content === null ? [] : [items[0]!, { type: 'message', role: 'assistant', content }];

const sizeOf = (items: readonly ConversationItem[]): number =>
  items.reduce((sum, item) => sum + JSON.stringify(item).length, 0);
