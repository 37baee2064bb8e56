import type { Execution } from '@countersign/contracts/executions';
import { isFinishedStatus } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import { ignored, rejected, touch } from '@countersign/persistence';
import { accept, answerWithoutRecord, decideOtherwise, refuse, takeBack, takeBackBeforeApproval } from './begin.js';
import { endByWorker, markOutcomeUnknown, noteLateReport, postpone, start, startByCaller } from './attempt.js';
import type { ExecutionMessage, MessageOfKnown } from './messages.js';
import { cancel, report, retry, resolveUnknown } from './people.js';
import {
  awaitReconciliation,
  hasHeld,
  holds,
  is,
  isDue,
  isOver,
  resendAnswer,
  setReason,
  type ExecutionTransition,
} from './state.js';

/**
 * The life of an execution.
 *
 * ```
 *  (approved) ──► queued ── claimed ──► running ──► succeeded | failed
 *        │         │ ▲ │                 │ │
 *        │         │ │ │                 │ └─ end not observed ─► reconciling: the target is queried
 *        │         │ └─┼── may be tried ─┘                             │        │
 *        │         │   │   once more                                   ▼        ▼
 *        │         │   └─ a person makes it ──► awaiting_report    succeeded  outcome_unknown ── settled by a person
 *        │         │                                │              | failed                        or tried again
 *        │         └─ taken back: cancelled         └─ reported ──► succeeded | failed
 *        └─ must not be made: failed
 * ```
 *
 * What promises `at_most_once` is started again only when the start before it is known not to have happened, or when a
 * person says so. What is `idempotent` is started again with the same key. Either way an attempt has a worker of its
 * own, and what an earlier worker still says is refused.
 *
 * The end of its run takes back a call that has not been started, even one whose approval has not arrived; what runs
 * is left alone. So does a later decision that is another one, of an approval that a restored store has asked for anew.
 */
export function decideExecution(
  execution: Execution | undefined,
  message: ExecutionMessage,
  now: EpochMillis,
): ExecutionTransition {
  switch (message.type) {
    case 'approved':
      if (!execution) return isOfRunOver(message) ? ignored('its run is over') : accept(message, now);
      if (message.event.data.digest !== execution.digest) return decideOtherwise(execution, message.event, now);
      return message.event.data.repeated ? resendAnswer(execution, now) : ignored('the execution exists');
    case 'decided_otherwise':
      return execution ? decideOtherwise(execution, message.event, now) : answerWithoutRecord(message, now);
    case 'not_authentic':
      return execution ? ignored('it has been refused already') : refuse(message, now);
    case 'cancelled':
      if (!execution) return takeBackBeforeApproval(message, now);
      return message.event.data.repeated && isOver(execution)
        ? resendAnswer(execution, now)
        : takeBack(execution, message.event, now);
    default:
      return execution
        ? decideKnown(execution, message, now)
        : rejected('execution_not_found', 'there is no such execution');
  }
}

/** Said again to a run that is over: what it has not begun by then is not begun. */
const isOfRunOver = ({ event: { data } }: Extract<ExecutionMessage, { type: 'approved' }>): boolean =>
  data.repeated && data.run_status !== null && isFinishedStatus(data.run_status);

function decideKnown(execution: Execution, message: MessageOfKnown, now: EpochMillis): ExecutionTransition {
  const { status } = execution;
  const only = (...expected: Execution['status'][]) => expected.includes(status);
  const code = status === 'outcome_unknown' ? 'outcome_unknown' : 'wrong_execution_state';
  const no = () => rejected(code, is(execution));
  switch (message.type) {
    case 'claimed':
      return only('queued', 'reconciling') && isDue(execution, now) ? start(execution, message, now) : no();
    case 'claimed_by_caller':
      if (holds(execution, message.worker)) return ignored('this claim has it');
      if (hasHeld(execution, message.worker)) return rejected('lease_lost', 'this claim had it before');
      return only('queued') && execution.terms.made_by === 'caller' ? startByCaller(execution, message, now) : no();
    case 'postponed':
      return only('queued') ? postpone(execution, message, now) : no();
    case 'unrecorded':
      return only('queued') ? awaitReconciliation(touch(execution, now, {}), message.reason) : no();
    case 'due':
      return only('running') && isDue(execution, now)
        ? markOutcomeUnknown(execution, 'its worker stopped answering while the call was being made', now)
        : ignored(is(execution));
    case 'never_published':
      return setReason(execution, message.reason, now);
    case 'reported':
      return only('awaiting_report') ? report(execution, message, now) : no();
    case 'settled':
      return only('outcome_unknown') ? resolveUnknown(execution, message, now) : no();
    case 'retried':
      return only('outcome_unknown') ? retry(execution, message, now) : no();
    case 'cancel_requested':
      return only('queued', 'running', 'awaiting_report') ? cancel(execution, message, now) : no();
    default:
      return holds(execution, message.worker)
        ? endByWorker(execution, message, now)
        : noteLateReport(execution, message, now);
  }
}
