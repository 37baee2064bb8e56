export type { Check, Finding } from './check.js';
export { environmentChecks } from './environment.js';
