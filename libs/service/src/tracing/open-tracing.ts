import type { Log } from '@countersign/contracts';
import { tracesGoTo, type TracingSettings } from './settings.js';
import { noTracing, type Tracing } from './tracing.js';

/** Tracing where it is asked for. What OpenTelemetry needs is loaded then only. */
export async function openTracing(settings: TracingSettings, log: Log): Promise<Tracing> {
  const url = tracesGoTo(settings);
  if (url === undefined) return noTracing;
  const { openTelemetry } = await import('./opentelemetry.js');
  return openTelemetry(settings, url, log);
}
