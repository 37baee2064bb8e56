import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import type { Query, Store } from '@countersign/persistence';

/** How many approvals a search looks at, in the requested order; narrower filters find what is further away. */
const searched = 10_000;
/** Read at once, so that other requests get their turn in between. */
const chunk = 500;

/** Those of the first {@link searched} approvals of a query that have all the words of a text, in any case. */
export async function search(
  store: Store<Approval>,
  { filter, sort }: Pick<Query<Approval>, 'filter' | 'sort'>,
  text: string,
): Promise<Approval[]> {
  const words = text.toLowerCase().split(/\s+/);
  const found: Approval[] = [];
  for (let skip = 0; skip < searched; skip += chunk) {
    const read = await store.find({ filter, sort, limit: chunk, skip });
    found.push(...read.filter((approval) => hasAll(words, approval)));
    if (read.length < chunk) break;
  }
  return found;
}

function hasAll(words: readonly string[], approval: Approval): boolean {
  const text = wordsOf(approval).toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Arguments that are not for everybody's eyes are not found by guessing them either. */
function wordsOf(approval: Approval): string {
  const { id, run_id, session_id, agent_id, source_name, user_id, tool_name, context, resolved_by } = approval;
  const { tool_args, comments } = redactApproval(approval);
  const texts = comments.map(({ text }) => text);
  return [id, run_id, session_id, agent_id, source_name, user_id, tool_name, resolved_by, ...texts]
    .concat([tool_args, context].map((each) => JSON.stringify(each)))
    .join(' ');
}
