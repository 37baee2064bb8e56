import { z } from 'zod';
import type { TraceContext } from './trace-headers.js';

/** W3C trace context of the request that began it all, carried by every event that follows from it. */
export const Traceparent = z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

const stateKey = '[a-z0-9][a-z0-9_*/-]{0,240}(?:@[a-z0-9][a-z0-9_*/-]{0,13})?';
const stateValue = '[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]';
const stateMember = `${stateKey}=${stateValue}`;
/** What tracing systems say beside a traceparent, each under its key; of more than 512 characters nobody need take any. */
export const Tracestate = z
  .string()
  .max(512)
  .regex(new RegExp(`^${stateMember}(?:[ \\t]*,[ \\t]*${stateMember}){0,31}$`));

/** A trace context as somebody wrote it: what cannot be read is none, and says nothing about what it came with. */
export function traceContextOf(traceparent: unknown, tracestate: unknown): TraceContext {
  const parent = Traceparent.safeParse(traceparent).data ?? null;
  return { traceparent: parent, tracestate: parent && (Tracestate.safeParse(tracestate).data ?? null) };
}
