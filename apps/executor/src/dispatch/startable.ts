import type { Execution } from '@countersign/contracts/executions';
import type { Backlog, Filter } from '@countersign/persistence';
import type { Paused, Switches } from '../kill-switch/switches.js';

const begun: Filter<Execution> = { status: { in: ['running', 'reconciling'] } };

/** What may be seen to: while a switch is off, the calls of its tools wait in the queue; what has begun is seen to. */
export async function startable(switches: Switches): Promise<Filter<Execution>[]> {
  const paused = await switches.paused();
  if (paused.nothing) return [{}];
  const queued = queuedUnder(paused);
  return queued ? [begun, queued] : [begun];
}

/** The same while more is due than there are places: whoever has calls waiting takes turns. */
export const backlog = (switches: Switches): Backlog<Execution> => ({
  first: begun,
  inTurn: async () => queuedUnder(await switches.paused()),
  owner: 'queue_owner',
});

/** What waits and may begin; undefined: nothing may. */
export function queuedUnder({ nothing, all, tools }: Paused): Filter<Execution> | undefined {
  return all ? undefined : { status: 'queued', ...(!nothing && { tool_name: { nin: tools } }) };
}
