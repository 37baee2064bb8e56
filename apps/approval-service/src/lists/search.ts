import { redactApproval, type Approval } from '@countersign/contracts/approvals';
import type { Filter, Query, Store } from '@countersign/persistence';
import { forPeople } from '@countersign/service';

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
  for await (const read of inOrder(store, { filter, sort })) found.push(...read.filter((each) => hasAll(words, each)));
  return found;
}

/**
 * The first approvals, chunk by chunk: each begins where the one before ended, so that none is looked for from the
 * beginning again. What never expires has no place among what does, and is counted from the beginning.
 */
async function* inOrder(
  store: Store<Approval>,
  { filter, sort }: Pick<Query<Approval>, 'filter' | 'sort'>,
): AsyncGenerator<Approval[], void> {
  const [[field, direction]] = sort as readonly [[SortField, 'asc' | 'desc']];
  const within = filter[field] as object | undefined;
  let bounds: Filter<Approval> = {};
  for (let [read, skip] = [0, 0]; read < searched; read += chunk) {
    const page = await forPeople(() => store.find({ filter: { ...filter, ...bounds }, sort, limit: chunk, skip }));
    yield page;
    const last = page.at(-1)?.[field];
    if (page.length < chunk || last === undefined) return;
    if (field === 'expires_at') {
      skip += chunk;
      continue;
    }
    const begin = (bounds[field] as { gte?: number; lte?: number } | undefined)?.[direction === 'asc' ? 'gte' : 'lte'];
    const ofThatTime = page.filter((each) => each[field] === last).length;
    skip = ofThatTime + (last === begin ? skip : 0);
    bounds = { [field]: { ...within, [direction === 'asc' ? 'gte' : 'lte']: last } };
  }
}

type SortField = 'created_at' | 'updated_at' | 'expires_at';

function hasAll(words: readonly string[], approval: Approval): boolean {
  const text = wordsOf(approval).toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Arguments that are not for everybody's eyes are not found by guessing them either. */
function wordsOf(approval: Approval): string {
  const { id, run_id, session_id, agent_id, source_name, user_id, tool_name, context, resolved_by } = approval;
  const { tool_args, comments, questions } = redactApproval(approval);
  const texts = [...comments, ...questions, ...questions.flatMap(({ answer }) => answer ?? [])].map(({ text }) => text);
  return [id, run_id, session_id, agent_id, source_name, user_id, tool_name, resolved_by, ...texts]
    .concat([tool_args, context].map((each) => JSON.stringify(each)))
    .join(' ');
}
