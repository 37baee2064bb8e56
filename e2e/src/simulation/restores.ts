import { after } from '@countersign/contracts/time';
import type { Step } from './steps.js';
import { storeNames, type StoreName, type World } from './world.js';

const ownerOf = { runs: 'agent-runner', approvals: 'approval-service', executions: 'executor' } as const;

/** Of stores: each alone, or all of them, as they are where services share one. */
const chosen = ({ dice }: World): readonly StoreName[] =>
  dice.one<readonly StoreName[]>(['runs'], ['approvals'], ['executions'], storeNames);

/** What stories keep of stores. */
export function restores(): readonly (readonly [weight: number, Step])[] {
  const saved = new Map<StoreName, () => string[]>();

  const backUp: Step = (world) => {
    for (const name of chosen(world)) saved.set(name, world[name].store.backup());
  };

  /** They are what they were when they were saved, and whoever restored them says so, as `countersign recover` does. */
  const restore: Step = (world) => {
    for (const name of chosen(world)) {
      const back = saved.get(name);
      if (!back) continue;
      for (const process of world.processes.filter(({ service }) => service === ownerOf[name])) world.drop(process);
      const ids = back();
      world.trace(`  ${name} are restored, forgotten: ${ids.join(', ') || 'none'}`);
      world.ledger.restored(name, ids);
      world.since[name] = after(world.now, 1_000);
      world.log.hasLost = true;
    }
    world.now = after(world.now, 1_000);
  };
  return [
    [2, backUp],
    [1, restore],
  ];
}
