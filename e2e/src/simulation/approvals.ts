import type { Event } from '@countersign/contracts';
import type { Approval, PossiblyExecuted } from '@countersign/contracts/approvals';
import { latest, toEpochSeconds } from '@countersign/contracts/time';
import { outcomeOf } from './runners.js';
import type { Steps, World } from './world.js';

type EndOfRun = Event<'run.completed'> | Event<'run.failed'> | Event<'run.cancelled'>;

/** What arrives for approvals. What they tell of themselves is for people, who need nothing to decide here. */
export async function* approvalsHandle(world: World, event: Event): Steps {
  yield;
  if (event.type === 'tool.approval_required') await require(world, event as Event<'tool.approval_required'>);
  else if (event.type.startsWith('run.')) yield* follow(world, event as EndOfRun);
}

async function require(world: World, event: Event<'tool.approval_required'>): Promise<void> {
  const { aggregate } = world.approvals;
  const policyDecision = { ...world.judgement, possibly_executed: possiblyExecuted(world, event) };
  const message = { type: 'required', event, policyDecision } as const;
  const handled = await aggregate.execute(event.data.approval_id, message, { creates: true });
  world.trace(`  approval-service: ${outcomeOf(handled)}`);
}

/** Of a run that began before a store was restored, by which it may have been done since. */
function possiblyExecuted({ now, since }: World, { data }: Event<'tool.approval_required'>): PossiblyExecuted | null {
  const isSetBack = (data.run_began_at ?? 0) < toEpochSeconds(latest(since.runs, since.approvals));
  return isSetBack ? { code: 'set_back', since: toEpochSeconds(now) } : null;
}

async function* follow(world: World, event: EndOfRun): Steps {
  const { store, aggregate } = world.approvals;
  for (const known of store.all().filter(({ run_id }) => run_id === event.data.run_id)) {
    await aggregate.execute(known.id, event, { known });
    yield;
  }
  if (event.type === 'run.completed') return;
  const ended = event as Event<'run.failed'> | Event<'run.cancelled'>;
  for (const requirement of ended.data.requirements) {
    const { approval_id } = requirement.tool_execution;
    if (approval_id === null) continue;
    await aggregate.execute(approval_id, { type: 'void', event: ended, requirement });
    yield;
  }
}

/** Sees to an approval whose time is up, some time after it was found. */
export function attendToApproval(world: World, approval: Approval): void {
  world.spawn('approval-service', `expiry of ${approval.id}`, expire(world, approval));
}

async function* expire(world: World, known: Approval): Steps {
  yield;
  await world.approvals.aggregate.execute(known.id, { type: 'due' }, { known });
}
