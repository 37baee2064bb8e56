import { z } from 'zod';

const endpoint = z.url({ protocol: /^https?$/, error: 'must be a URL of http or https' }).optional();
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const wellFormed = /^\s*[^\s=,]+\s*=[^,]*(,\s*[^\s=,]+\s*=[^,]*)*$/;
const malformedEscape = /%(?![0-9a-f]{2})/i;
const pairs = z
  .string()
  .refine((text) => wellFormed.test(text) && !malformedEscape.test(text), {
    error: 'must be name=value, separated by commas, percent-encoded',
  })
  .optional();

/** The variables that OpenTelemetry has for traces, as far as they count here. */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.meta({
    description: 'The OTLP receiver that traces are sent to, at `/v1/traces` below it, by HTTP as JSON.',
    unset: 'no traces, and nothing of OpenTelemetry is loaded',
    example: 'http://collector:4318',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.meta({
    description: 'The whole address for traces.',
    unset: 'that of `OTEL_EXPORTER_OTLP_ENDPOINT`',
    example: 'http://tempo:4318/v1/traces',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.literal('http/json', { error: 'only http/json is spoken' }).default('http/json').meta({
    description: 'Every receiver of OTLP over HTTP takes it.',
    example: 'http/json',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.meta({
    description: 'Headers for the receiver, such as credentials: `name=value`, separated by commas, percent-encoded.',
    unset: 'none',
    example: 'authorization=Bearer%20…',
    secret: true,
  }),
  OTEL_RESOURCE_ATTRIBUTES: pairs.meta({
    description: 'What else traces say of this service: `name=value`, separated by commas, percent-encoded.',
    unset: 'nothing',
    example: 'deployment.environment.name=production',
  }),
  OTEL_TRACES_SAMPLER: z.enum(samplers).default('parentbased_always_on').meta({
    description: 'Which traces are kept; `parentbased_…` heeds what the caller says.',
    example: 'parentbased_traceidratio',
  }),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ description: 'The share of traces that `…traceidratio` keeps.', unit: 'of 1', example: '0.1' }),
  OTEL_SDK_DISABLED: z
    .stringbool()
    .default(false)
    .meta({ description: 'Turns traces off, whatever else is set.', example: 'true' }),
};

export const serviceNameSetting = (preset: string) =>
  z.string().min(1).default(preset).meta({
    description: 'The name of this service in traces.',
    unset: '`countersign-` and the name of the service',
    example: 'payments-executor',
  });

export type TracingSettings = z.infer<z.ZodObject<typeof tracingSettings>> & { OTEL_SERVICE_NAME: string };

/** Where traces go; undefined: nowhere. */
export function tracesGoTo(settings: TracingSettings): string | undefined {
  if (settings.OTEL_SDK_DISABLED) return undefined;
  const below = settings.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, '');
  return settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (below === undefined ? undefined : `${below}/v1/traces`);
}
