import { takeEnvironment } from './hand-over.js';

export type { Environment } from './hand-over.js';

/** What this process was told by its environment. Import it before anything else: it may start the process over. */
export const environment = takeEnvironment();
