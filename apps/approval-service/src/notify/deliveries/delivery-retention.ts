import type { Approval } from '@countersign/contracts/approvals';
import type { DeliveryStatus, NoticeDelivery } from '@countersign/contracts/deliveries';
import { toEpochSeconds } from '@countersign/contracts/time';
import type { RetentionPolicy, Store } from '@countersign/persistence';
import { removeBelongings } from '@countersign/persistence/retention';

const settled: readonly DeliveryStatus[] = ['delivered', 'failed'];

/**
 * Deliveries that are settled, of approvals that are too: while one is pending, a message about it may have to be changed
 * later, and that takes the receipt.
 */
export const deliveriesNoLongerNeeded = (
  deliveries: Pick<Store<NoticeDelivery>, 'find' | 'remove'>,
  approvals: Pick<Store<Approval>, 'find'>,
): RetentionPolicy[] =>
  settled.map((status) => ({
    name: 'deliveries',
    purgeBefore: (time) =>
      removeBelongings({
        store: deliveries,
        key: 'id',
        filter: { status, updated_at: { lt: toEpochSeconds(time) } },
        sort: [['updated_at', 'asc']],
        belongsTo: 'approval_id',
        open: async (ids) => {
          const found = await approvals.find({ filter: { id: { in: ids } }, sort: [], limit: ids.length });
          return found.filter(({ status }) => status === 'pending').map(({ id }) => id);
        },
      }),
  }));
