import { TerminalError } from '@countersign/contracts/problems';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createLog } from '../log/log.js';
import { readConfig } from '../settings/config.js';
import { openTracing } from './open-tracing.js';
import { serviceNameSetting, tracingSettings } from './settings.js';
import { noTracing, type Tracing } from './tracing.js';

const Settings = z.object({ ...tracingSettings, OTEL_SERVICE_NAME: serviceNameSetting('countersign') });
const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const caller = { traceparent, tracestate: 'vendor=a' };
const silent = { info() {}, warn: vi.fn(), error() {} };
const open = (env: Record<string, string>) => openTracing(readConfig(Settings, env), silent);

describe('without settings for it', () => {
  it.each<Record<string, string>>([
    {},
    { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' },
  ])('nothing of OpenTelemetry is loaded: %j', async (env) => {
    vi.doMock('./opentelemetry.js', () => {
      throw new Error('loaded');
    });
    await expect(open(env)).resolves.toBe(noTracing);
    vi.doUnmock('./opentelemetry.js');
  });

  it('a trace is passed on as it came', () => {
    expect(noTracing.span('a', { of: caller }, ({ context }) => context)).toEqual(caller);
    expect(noTracing.current(caller)).toBe(caller);
  });
});

it.each<[string, string]>([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'Bearer x'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'a=100%'],
  ['OTEL_TRACES_SAMPLER', 'sometimes'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
])('%s=%s is refused', (name, value) => {
  expect(() => readConfig(Settings, { [name]: value })).toThrow(name);
});

describe('a trace', () => {
  let receiver: Server;
  let received: string;
  let tracing: Tracing;
  const endpoint = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  beforeEach(async () => {
    received = '';
    receiver = createServer((request, response) => {
      request.on('data', (chunk) => (received += String(chunk))).on('end', () => response.end('{}'));
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint() });
  });
  afterEach(async () => {
    await tracing.close();
    receiver.closeAllConnections();
    receiver.close();
  });
  const within = (of: object) => tracing.span('a', { of }, ({ context }) => context);

  it('goes on with that of the caller, sampled or not, and with a new one after what is none', () => {
    expect(within(caller)).toEqual({
      traceparent: expect.stringMatching(`00-${traceId}-.*-01`),
      tracestate: 'vendor=a',
    });
    const unsampled = traceparent.replace(/01$/, '00');
    expect(within({ traceparent: unsampled }).traceparent).toMatch(/-00$/);
    for (const none of [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff-${traceId}-b7ad6b7169203331-01`])
      expect(within({ traceparent: none }).traceparent).not.toContain(traceId);
  });

  it('has what comes of a record in the span under way, and what is of another trace linked', async () => {
    const other = { traceparent: traceparent.replace('0af', '1af'), tracestate: null };
    tracing.span('a', { of: caller }, ({ context }) => {
      expect(tracing.current(caller)).toEqual(context);
      expect(tracing.current(other)).toBe(other);
    });
    await tracing.close();
    expect(received).toContain(`"links":[{"attributes":[],"spanId":"b7ad6b7169203331","traceId":"1af`);
  });

  it('says of an error its code or its kind, and nothing that its message quotes', async () => {
    const quoting = new TerminalError('invalid_data', 'the argument 4711 is wrong');
    await expect(tracing.span('a', {}, () => Promise.reject(quoting))).rejects.toBe(quoting);
    expect(() =>
      tracing.span('b', {}, () => {
        throw new TypeError('4711 is no function');
      }),
    ).toThrow(TypeError);
    await tracing.close();
    expect(received).toContain('"invalid_data"');
    expect(received).toContain('"TypeError"');
    expect(received).not.toContain('4711');
  });

  it('is named by what is logged meanwhile', () => {
    const lines: string[] = [];
    const log = createLog('info', () => tracing.ids() ?? {}, { write: (line) => void lines.push(line) });
    tracing.span('a', { of: caller }, () => log.info({}, 'within'));
    log.info({}, 'outside');
    const [inside, outside] = lines.map((line) => JSON.parse(line) as object);
    expect(inside).toMatchObject({ trace_id: traceId, span_id: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(outside).not.toHaveProperty('trace_id');
  });

  it('is named by what is measured meanwhile, if it is kept', () => {
    const exemplar = (of: object) => tracing.span('a', { of }, () => tracing.exemplar());
    expect(exemplar(caller)).toMatchObject({ trace_id: traceId });
    expect(exemplar({ traceparent: traceparent.replace(/01$/, '00') })).toBeUndefined();
    expect(tracing.exemplar()).toBeUndefined();
  });

  it('that nobody receives holds up no stop for long', async () => {
    receiver.closeAllConnections();
    receiver.close();
    within(caller);
    const begun = performance.now();
    await tracing.close();
    expect(performance.now() - begun).toBeLessThan(2_500);
  });
});
