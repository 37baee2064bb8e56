export { traceContextOf } from './trace-context.js';
export { type TraceContext, noTrace, traceHeaders } from './trace-headers.js';
