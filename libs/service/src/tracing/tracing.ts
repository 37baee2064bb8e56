import { noTrace, type TraceContext } from '@countersign/contracts/trace';

/** Values that are null are left out. Never arguments, results, texts of people or models, messages of errors, or URLs. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SpanOptions {
  /** Default: within this process. */
  kind?: 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
  /**
   * What it is part of: of what a server, a consumer or a producer says always; otherwise unless a span of the same trace
   * is under way here. Default: the span under way.
   */
  of?: Partial<TraceContext>;
  /** What led to it: a wait is a link from its end to its beginning, and no span that stays open meanwhile. */
  links?: readonly TraceContext[];
}

/** A span under way. */
export interface Span {
  /** The context for its children. */
  readonly context: TraceContext;
  set(attributes: Attributes): void;
}

/** A span that whoever began it ends. */
export interface OpenSpan extends Span {
  /** Is under way in what this calls, and in all that follows from it. */
  run<T>(work: () => T): T;
  /** @param error what it failed by: a code or a kind, never a message. */
  end(error?: string): void;
}

/** Traces for OpenTelemetry, where they are asked for; see `openTracing`. */
export interface Tracing {
  readonly isOn: boolean;
  /** Does work in a span, which ends with it; an error that it throws is recorded by its code or kind. */
  span<T>(name: string, options: SpanOptions, work: (span: Span) => T): T;
  open(name: string, options: SpanOptions): OpenSpan;
  /**
   * Where belongs what comes of a record now: to the span under way if that is in the trace of the record. One of another
   * trace, such as the request of a person who decides, is linked with it.
   */
  current(of: TraceContext): TraceContext;
  /** Names the span under way, for the log. */
  ids(): { trace_id: string; span_id: string } | undefined;
  /** The same of one that is kept, so that whoever follows it from a measurement finds it. */
  exemplar(): { trace_id: string; span_id: string } | undefined;
  /** Hands over what is left, for a second at most. */
  close(): Promise<void>;
}

const passingOn = ({ of }: SpanOptions): Span => ({ context: { ...noTrace, ...of }, set() {} });

/** Without tracing a context is passed on as it came. */
export const noTracing: Tracing = {
  isOn: false,
  span: (_name, options, work) => work(passingOn(options)),
  open: (_name, options) => ({ ...passingOn(options), run: (work) => work(), end() {} }),
  current: (of) => of,
  ids: () => undefined,
  exemplar: () => undefined,
  close: async () => {},
};
