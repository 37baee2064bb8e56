import type { Log } from '@countersign/contracts';
import { noTrace, type TraceContext } from '@countersign/contracts/trace';
import {
  createTraceState,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes as OtelAttributes,
  type Span as OtelSpan,
  type SpanContext,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { TracingSettings } from './settings.js';
import type { Attributes, OpenSpan, Span, SpanOptions, Tracing } from './tracing.js';

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Milliseconds that a stop waits for the receiver. */
const closeMs = 1_000;

/** @param url where traces are sent to */
export function openTelemetry(settings: TracingSettings, url: string, log: Log): Tracing {
  tellProblems(log);
  const attributes = {
    ...pairsIn(settings.OTEL_RESOURCE_ATTRIBUTES),
    'service.name': settings.OTEL_SERVICE_NAME,
    'process.pid': process.pid,
  };
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(attributes)),
    sampler: samplerOf(settings),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, headers: pairsIn(settings.OTEL_EXPORTER_OTLP_HEADERS) }),
      }),
    ],
  });
  const tracer = provider.getTracer('countersign');
  const underWay = new AsyncLocalStorage<OtelSpan>();

  function open(name: string, { kind, attributes = {}, of, links = [] }: SpanOptions): OpenSpan {
    const parent = parentFor(underWay.getStore(), of, kind);
    const span = tracer.startSpan(
      name,
      {
        kind: kind ? kinds[kind] : SpanKind.INTERNAL,
        attributes: said(attributes),
        links: links.flatMap((each) => contextIn(each) ?? []).map((context) => ({ context })),
      },
      parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
    );
    return {
      context: contextOf(span.spanContext()),
      set: (more) => void span.setAttributes(said(more)),
      run: (work) => underWay.run(span, work),
      end(error) {
        if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  function span<T>(name: string, options: SpanOptions, work: (span: Span) => T): T {
    const opened = open(name, options);
    const failed = (error: unknown): never => {
      opened.end(kindOf(error));
      throw error;
    };
    try {
      const result = opened.run(() => work(opened));
      if (!(result instanceof Promise)) {
        opened.end();
        return result;
      }
      return result.then((value: unknown) => {
        opened.end();
        return value;
      }, failed) as T;
    } catch (error) {
      return failed(error);
    }
  }

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const closed = provider.shutdown().catch((err: unknown) => log.warn({ err }, 'cannot export traces'));
    await Promise.race([closed, delay(closeMs, undefined, { ref: false })]);
  }

  return {
    isOn: true,
    open,
    span,
    current(of) {
      const span = underWay.getStore();
      const record = contextIn(of);
      if (!span) return of;
      if (!record || record.traceId === span.spanContext().traceId) return contextOf(span.spanContext());
      span.addLink({ context: record });
      return of;
    },
    ids: () => idsOf(underWay.getStore()?.spanContext()),
    exemplar() {
      const context = underWay.getStore()?.spanContext();
      return context && (context.traceFlags & TraceFlags.SAMPLED) !== 0 ? idsOf(context) : undefined;
    },
    close: () => (closing ??= close()),
  };
}

/** What comes from outside says itself what it is part of; whatever happens to be under way is not asked. */
function parentFor(
  underWay: OtelSpan | undefined,
  of: SpanOptions['of'],
  kind: SpanOptions['kind'],
): SpanContext | undefined {
  const said = of && contextIn({ ...noTrace, ...of });
  const here = underWay?.spanContext();
  if (kind !== undefined && kind !== 'client' && of !== undefined) return said;
  return said && said.traceId !== here?.traceId ? said : here;
}

/** Undefined: none, or one that nothing can be part of. */
function contextIn({ traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const [version, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (!traceId || !spanId || !flags || version === 'ff') return undefined;
  const context = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(tracestate != null && { traceState: createTraceState(tracestate) }),
  };
  return trace.isSpanContextValid(context) ? context : undefined;
}

const idsOf = (context: SpanContext | undefined) => context && { trace_id: context.traceId, span_id: context.spanId };

function contextOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const flags = (traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: traceState?.serialize() || null };
}

const said = (attributes: Attributes): OtelAttributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value != null)) as OtelAttributes;

/** A message could quote arguments. */
const kindOf = (error: unknown): string => {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : '_OTHER';
};

function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio }: TracingSettings): Sampler {
  const roots = { always_on: () => new AlwaysOnSampler(), always_off: () => new AlwaysOffSampler() };
  const kind = name.replace(/^parentbased_/, '') as keyof typeof roots | 'traceidratio';
  const root = kind === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : roots[kind]();
  return name === kind ? root : new ParentBasedSampler({ root });
}

const pairsIn = (text = ''): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
      }),
  );

/** What the SDK says of itself; what it says may quote an address, and holds no spans. */
function tellProblems(log: Log): void {
  const tell = (message: string) => log.warn({ from: 'opentelemetry' }, message);
  const silent = () => {};
  diag.setLogger({ error: tell, warn: tell, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN);
}
