import { openCollector, type Collector, type ReceivedSpan } from '@countersign/testing/trace-collector';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adminKey, openStandalone } from '../test/standalone.fixtures.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const caller = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${caller}-01`;
const tracestate = 'vendor=of:the:caller';
const secret = 'a-token-of-the-target-that-nobody-may-see';

const definitions = (target: string) => `
agents:
  - { id: ops, name: Operations, instructions: Deploys., tools: [deploy_to_production] }
policies:
  default: { require: { four_eyes: false } }
tools:
  - name: deploy_to_production
    description: Deploys.
    parameters:
      type: object
      properties: { service_name: { type: string }, version: { type: string } }
      required: [service_name, version]
      additionalProperties: false
    approval: required
    requires: external_execution
    execute:
      http:
        method: POST
        allow_private: true
        url: ${target}/releases?token=${secret}
        headers: { authorization: Bearer ${secret} }
        body: { service: '{{arguments.service_name}}' }
`;

describe('the trace of a run', () => {
  let collector: Collector;
  let target: Server;
  let received: IncomingHttpHeaders;
  let spans: ReceivedSpan[];
  let exposition: string;
  const of = (name: string) => spans.filter((span) => span.name === name && span.traceId === traceId);
  const dir = mkdtempSync(join(tmpdir(), 'countersign-traces-'));

  beforeAll(async () => {
    collector = await openCollector();
    target = createServer((request, response) => {
      received = request.headers;
      request.resume().on('end', () => response.end('released'));
    });
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, definitions(`http://127.0.0.1:${(target.address() as AddressInfo).port}`));
    const standalone = await openStandalone(join(dir, 'data'), {
      COUNTERSIGN_CONFIG: file,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=of%20the%20collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    const ask = async (method: string, path: string, options: object = {}) => {
      const answer = await standalone.ask(method, path, { key: adminKey, ...options });
      expect(answer.ok, await answer.clone().text()).toBe(true);
      return (await answer.json()) as Record<string, never>;
    };
    const body = { input: 'Deploy the auth-service version 2.1.0 to production.' };
    const { run_id } = await ask('POST', '/agents/ops/runs', { body, headers: { traceparent, tracestate } });
    await ask('GET', `/runs/${run_id}?wait_for=PAUSED`);
    const approval = await vi.waitUntil(
      async () => (await ask('GET', `/approvals?run_id=${run_id}`))['data']?.[0] as { id: string } | undefined,
      { timeout: 10_000 },
    );
    await ask('POST', `/approvals/${approval.id}/resolve`, { body: { status: 'approved' } });
    await ask('GET', `/runs/${run_id}?wait_for=COMPLETED`);
    const execution = await ask('GET', `/executions/${approval.id}`);
    expect(execution).toMatchObject({ status: 'succeeded', tracestate });
    const accept = { accept: 'application/openmetrics-text; version=1.0.0, text/plain; q=0.5' };
    const scraped = await standalone.ask('GET', '/metrics', { key: adminKey, headers: accept });
    expect(scraped.headers.get('content-type')).toMatch(/^application\/openmetrics-text/);
    exposition = await scraped.text();
    // What is left is handed over before it ends.
    await standalone.stop();
    spans = collector.spans();
  }, 60_000);
  afterAll(async () => {
    await collector.close();
    target.closeAllConnections();
    target.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is one, from the request of the caller to the target and back, each span part of another', () => {
    expect(new Set(spans.filter((span) => span.traceId === traceId).map(({ name }) => name))).toEqual(
      new Set([
        'POST /agents/:agent_id/runs',
        'send config.agent_declared',
        'send run.started',
        'process config.agent_declared',
        'process run.started',
        'invoke_agent ops',
        'chat gpt-5-mini',
        'send tool.approval_required',
        'process tool.approval_required',
        'evaluate_policy',
        'send run.paused',
        'process run.paused',
        'send approval.created',
        'process approval.created',
        'send approval.decision_recorded',
        'process approval.decision_recorded',
        'send approval.resolved',
        'process approval.resolved',
        'approval_decided',
        'send tool.execution_started',
        'process tool.execution_started',
        'send tool.execution_progress',
        'execute_tool deploy_to_production',
        'send tool.execution_completed',
        'process tool.execution_completed',
        'send run.continued',
        'process run.continued',
        'send run.completed',
        'process run.completed',
      ]),
    );
    const known = new Set([caller, ...spans.map(({ spanId }) => spanId)]);
    expect(spans.filter(({ parentSpanId }) => parentSpanId && !known.has(parentSpanId))).toEqual([]);
    expect(of('POST /agents/:agent_id/runs')[0]).toMatchObject({ parentSpanId: caller, traceState: tracestate });
    expect(spans.every(({ status }) => (status.code ?? 0) === 0)).toBe(true);
  });

  it('has each event sent in one span, and handled as part of it', () => {
    const sent = of('send approval.resolved');
    expect(sent).toHaveLength(1);
    const handled = of('process approval.resolved');
    expect(handled.map(({ attributes }) => attributes['messaging.consumer.group.name']).toSorted()).toEqual([
      'agent-runner',
      'approval-service',
      'audit',
      'executor',
    ]);
    expect(new Set(handled.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([sent[0]!.spanId]));
  });

  it('goes out to the target, with what the tracing system of the caller says', () => {
    const [call] = of('execute_tool deploy_to_production');
    expect(received).toMatchObject({ traceparent: `00-${traceId}-${call!.spanId}-01`, tracestate });
    expect(call!.attributes).toMatchObject({
      'gen_ai.tool.name': 'deploy_to_production',
      'countersign.execution.outcome': 'succeeded',
    });
  });

  it('has no span that stays open while people decide, but links', () => {
    const [decided] = of('approval_decided');
    expect(decided).toMatchObject({
      attributes: { 'countersign.approval.status': 'approved', 'countersign.approval.decided_by': 'people' },
      links: [{ traceId }],
    });
    const [asked] = of('process tool.approval_required').filter(
      ({ attributes }) => attributes['messaging.consumer.group.name'] === 'approval-service',
    );
    expect(decided!.links![0]!.spanId).toBe(asked!.spanId);
    expect(of('invoke_agent ops')).toHaveLength(2);
    const [decision] = spans.filter(({ name }) => name === 'POST /approvals/:id/resolve');
    expect(decision!.traceId).not.toBe(traceId);
    expect(decision!.links).toMatchObject([{ traceId, spanId: asked!.spanId }]);
  });

  it('says how models answered by the conventions for generative AI', () => {
    expect(of('chat gpt-5-mini')[0]!.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'countersign.scripted',
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.agent.id': 'ops',
      'gen_ai.usage.input_tokens': 0,
      'gen_ai.usage.output_tokens': 0,
    });
  });

  it.each([
    ['approval_wait_seconds', 'process approval.resolved'],
    ['execution_start_seconds', 'process approval.resolved'],
    ['execution_call_seconds', 'process approval.resolved'],
    ['model_request_seconds', 'chat gpt-5-mini'],
    ['http_request_seconds', 'POST /agents/:agent_id/runs'],
  ])('is found from %s, whose exemplar is a span that was sent', (metric, name) => {
    const lines = exposition.split('\n').filter((line) => line.startsWith(`countersign_${metric}_bucket`));
    const named = lines.flatMap((line) => /span_id="(\w+)"/.exec(line)?.[1] ?? []);
    const known = new Map(spans.map((span) => [span.spanId, span.name]));
    expect(named.map((id) => known.get(id))).toContain(name);
  });

  it('has no secret, no argument and nothing that anybody said', () => {
    const text = collector.text();
    for (const hidden of [secret, adminKey, 'auth-service', '2.1.0', 'Deploy the', 'released', 'scripted model:'])
      expect(text).not.toContain(hidden);
  });

  it('is sent with the headers and the names that OpenTelemetry has settings for', () => {
    expect(collector.headers()[0]).toMatchObject({ 'x-api-key': 'of the collector' });
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['countersign']));
    expect(collector.text()).toContain('deployment.environment.name');
  });
});
