/** Where in which trace something belongs; it is passed on, and nothing is decided by it. */
export interface TraceContext {
  traceparent: string | null;
  /** Only ever beside a traceparent. */
  tracestate: string | null;
}

export const noTrace: TraceContext = { traceparent: null, tracestate: null };

/** The headers that pass it on. */
export const traceHeaders = ({ traceparent, tracestate }: Partial<TraceContext>): Record<string, string> => ({
  ...(traceparent != null && { traceparent, ...(tracestate != null && { tracestate }) }),
});
