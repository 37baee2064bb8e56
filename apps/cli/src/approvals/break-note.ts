import type { Screen } from '../terminal/screen.js';

/** Tells whoever looks on that a connection broke, and that it is there again. */
export const breakNote =
  (screen: Screen) =>
  (isBroken: boolean): void => {
    if (isBroken) screen.note(screen.tint('yellow', 'The connection broke; connecting again…'));
    else screen.note(screen.tint('dim', 'Connected again.'));
  };
