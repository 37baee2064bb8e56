export { type TraceContext, noTrace, traceContextOf, traceHeaders } from './trace-context.js';
