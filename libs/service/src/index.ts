export * from './aggregate.js';
export * from './config.js';
export * from './infrastructure.js';
export * from './main.js';
export { AcceptsForms, Returns, ReturnsEvents } from './openapi.js';
export * from './page.js';
export { ProblemError } from './problem.filter.js';
export * from './serve.js';
export * from './server-sent-events.js';
