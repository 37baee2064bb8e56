import { emit, type Event } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import type { EpochMillis } from '@countersign/contracts/time';
import type { Agent } from '@countersign/definitions';
import { changed, touch } from '@countersign/persistence';
import { approvalRequired, askedAnew, isOpen, openCalls, shownTo } from '../call.js';
import { amend } from '../calls.js';
import { who } from '../event-data.js';
import { log, type RunTransition } from '../states.js';

/** An approved call would do something else by now, so it was not made: people are asked again, and the model is not told. */
export function askAgain(
  run: Run,
  agent: Agent,
  { data }: Event<'tool.execution_failed'>,
  now: EpochMillis,
): RunTransition {
  const former = run.calls.find(({ id }) => id === data.approval_id);
  if (!former || !isOpen(former)) return amend(run, data.approval_id, now, () => undefined);
  const anew = askedAnew(run.run_id, former);
  const calls = run.calls.map((each) => (each === former ? anew : each));
  const journal = run.journal.map((entry) => (entry.call === former.id ? { ...entry, call: anew.id } : entry));
  const asked = touch(run, now, { calls, journal });
  const request = approvalRequired(asked, agent, anew, '');
  if (run.status !== 'PAUSED') return changed(asked, request);
  const requirements = shownTo(openCalls(asked));
  return changed(log(asked, now, { type: 'paused' }), emit('run.paused', { ...who(asked), requirements }), request);
}
