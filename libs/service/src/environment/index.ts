import { takeEnvironment } from './hand-over.js';
import { useProxies } from './proxy.js';

export type { Environment } from './hand-over.js';

/** The environment of this process. Import it before anything else: it may start the process over. */
export const environment = takeEnvironment();

useProxies(environment);
