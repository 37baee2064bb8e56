import { millisOf } from '@countersign/contracts/time';
import type { StreamOptions } from '@countersign/client';
import type { Screen } from '../terminal/screen.js';
import type { PatienceOption } from './options.js';

/** How commands follow streams: they look for a server that is gone as long as configured, and say so. */
export function followOptions(screen: Screen, { reconnectFor }: PatienceOption, before = () => {}): StreamOptions {
  let isLost = false;
  return {
    reconnect: { longest_ms: 2_000, for_ms: millisOf(reconnectFor) },
    onState(state) {
      if (!isLost && state === 'open') return;
      isLost = state === 'lost';
      before();
      if (isLost) screen.note(screen.tint('yellow', 'The connection broke; connecting again…'));
      else screen.note(screen.tint('dim', 'Connected again.'));
    },
  };
}
