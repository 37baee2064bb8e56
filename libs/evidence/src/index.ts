export { format, type Header, type SchemaOfVersion, type ServiceKey } from './bundle.js';
export { eventsNamedBy, isOfService, type Numbered, numbersIn, placeOf } from './gaps.js';
export type { Call } from './meaning.js';
export type { ProblemCode } from './problem.js';
export { verifyEvidence, type Report } from './verify.js';
