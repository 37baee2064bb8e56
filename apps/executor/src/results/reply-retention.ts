import type { Execution } from '@countersign/contracts/executions';
import { toEpochSeconds } from '@countersign/contracts/time';
import type { RetentionPolicy, Store } from '@countersign/persistence';
import { removeBelongings } from '@countersign/persistence/retention';
import { isOver } from '../execution/state.js';
import type { Reply } from './replies.js';

/** Replies to executions that are over; another may still be reconciled. */
export const repliesNoLongerNeeded = (
  replies: Pick<Store<Reply>, 'find' | 'remove'>,
  executions: Pick<Store<Execution>, 'find'>,
): RetentionPolicy => ({
  name: 'replies',
  purgeBefore: (time) =>
    removeBelongings({
      store: replies,
      key: 'id',
      filter: { created_at: { lt: toEpochSeconds(time) } },
      sort: [['created_at', 'asc']],
      belongsTo: 'execution_id',
      open: async (ids) => {
        const found = await executions.find({ filter: { id: { in: ids } }, sort: [], limit: ids.length });
        return found.filter((execution) => !isOver(execution)).map(({ id }) => id);
      },
    }),
});
