import type { StartOptions } from '../world/client.js';
import { call, wants } from './model-plans.js';
import { aLine, type World } from '../world/world.js';

/** A run whose model wants to write one line; its first word says which rule is meant. */
export function lineRun(world: World, rule: string, line = `${rule} ${aLine()}`) {
  const input = world.plans.plan(`write a ${rule} line`, wants(call('write_line', { line })));
  return { input, line };
}

/** The same, started, and paused for its approval. */
export async function pausedLine(world: World, rule: string, options: StartOptions = {}, line?: string) {
  const planned = lineRun(world, rule, line);
  return { ...planned, ...(await world.startPaused(planned.input, 1, options)) };
}
