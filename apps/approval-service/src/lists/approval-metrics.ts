import type { Approval } from '@countersign/contracts/approvals';
import { type Clock, secondsOf, toEpochMillis } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import { countRecords, type Metrics, type Tracing } from '@countersign/service';

const minute = 60;
const buckets = [10, minute, 5 * minute, 15 * minute, 60 * minute, 240 * minute, 1_440 * minute, 10_080 * minute];
const waiting = { status: 'pending', deleted_at: null } as const;

/** What an operator watches of approvals. */
export class ApprovalMetrics {
  readonly #decisions;

  /** @param now epoch milliseconds */
  constructor(
    metrics: Metrics,
    private readonly tracing: Tracing,
    approvals: Pick<Store<Approval>, 'count' | 'find'>,
    now: Clock,
  ) {
    countRecords(metrics, approvals, {
      name: 'countersign_approvals',
      help: 'Approvals that wait for people.',
      statuses: ['pending'],
      where: { deleted_at: null },
    });
    metrics.levels(
      { name: 'countersign_approval_longest_wait_seconds', help: 'How long the oldest of them waits.', labels: [] },
      async () => {
        const [oldest] = await approvals.find({ filter: waiting, sort: [['created_at', 'asc']], limit: 1 });
        return [{ labels: {}, value: oldest ? secondsOf(now() - toEpochMillis(oldest.created_at)) : 0 }];
      },
    );
    metrics.levels(
      {
        name: 'countersign_open_reviews',
        help: 'Calls that one person approved in an emergency, not reviewed.',
        labels: [],
      },
      async () => [{ labels: {}, value: await approvals.count({ review: 'open', deleted_at: null }) }],
    );
    this.#decisions = metrics.durations(
      {
        name: 'countersign_approval_wait_seconds',
        help: 'Time from request to resolution. decided_by: people, rules (grants included), or nobody (expired or cancelled).',
        labels: ['status', 'decided_by'],
      },
      buckets,
    );
  }

  resolved(approval: Approval): void {
    const { created_at, resolved_at, status } = approval;
    const decided_by = deciderOf(approval);
    const waited = resolved_at! - created_at;
    this.#decisions.observe({ status, decided_by }, waited);
    const attributes = {
      'countersign.run.id': approval.run_id,
      'countersign.approval.id': approval.id,
      'countersign.approval.status': status,
      'countersign.approval.decided_by': decided_by,
      'countersign.approval.waited_seconds': waited,
      'gen_ai.tool.name': approval.tool_name,
    };
    // The wait is the link from its end to its beginning.
    this.tracing.span('approval_decided', { attributes, links: [approval] }, () => {});
  }
}

function deciderOf({ resolved_by, status }: Approval): 'people' | 'rules' | 'nobody' {
  if (resolved_by !== null) return 'people';
  return status === 'approved' || status === 'rejected' ? 'rules' : 'nobody';
}
