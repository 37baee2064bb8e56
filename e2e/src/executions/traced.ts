import { RunOutput } from '@countersign/contracts/runs';
import type { Delivery } from '@countersign/messaging';
import type { Collector, ReceivedSpan } from '@countersign/testing/trace-collector';
import { expect } from 'vitest';
import { eventually } from '../world/eventually.js';
import { serviceNames } from '../world/stack.js';
import type { World } from '../world/world.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const caller = '00f067aa0ba902b7';
const trace = { traceparent: `00-${traceId}-${caller}-01`, tracestate: 'vendor=of:the:caller' };

/** Starts a run in a trace of the caller, as a program that has one of its own does. */
export async function startTraced({ client }: World, input: string): Promise<RunOutput> {
  const answer = await fetch(`${client.origins.runs}/agents/worker/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.credentials.admin}`, 'content-type': 'application/json', ...trace },
    body: JSON.stringify({ input }),
  });
  return RunOutput.parse(await answer.json());
}

const handled = (topic: string, ...groups: string[]) => groups.map((group) => `process ${topic} by ${group}`);
/** What its spans are, by name and for what is handled by whom. */
const expected = [
  'POST /agents/:agent_id/runs',
  'send run.started',
  'invoke_agent worker',
  'chat gpt-5-mini',
  'send tool.approval_required',
  ...handled('tool.approval_required', 'approval-service'),
  'evaluate_policy',
  'send approval.created',
  'approval_decided',
  'send approval.resolved',
  ...handled('approval.resolved', 'agent-runner', 'executor'),
  'execute_tool deploy_elsewhere',
  'send tool.execution_started',
  'send tool.execution_completed',
  ...handled('tool.execution_completed', 'agent-runner'),
  'send tool.execution_failed',
  ...handled('tool.execution_failed', 'agent-runner'),
  'send run.continued',
  'send run.completed',
  ...handled('run.completed', 'approval-service'),
];

/** The run of {@link startTraced} is one trace, over all services, to the platform that was asked and back. */
export async function checkTrace(world: World, collector: Collector, requests: readonly Delivery[]): Promise<void> {
  let missing: unknown;
  const spans = await eventually('the whole trace', async () => {
    const all = collector.spans().filter((span) => span.traceId === traceId);
    const known = new Set([caller, ...all.map(({ spanId }) => spanId)]);
    const names = new Set(all.flatMap((span) => [span.name, `${span.name} by ${groupOf(span)}`]));
    missing = {
      spans: expected.filter((name) => !names.has(name)),
      parents: all.filter(({ parentSpanId }) => !known.has(parentSpanId ?? '')).map(({ name }) => name),
    };
    const { spans, parents } = missing as { spans: string[]; parents: string[] };
    return spans.length + parents.length === 0 && all;
  }).catch((error: unknown) => {
    throw new Error(`not in the trace: ${JSON.stringify(missing)}`, { cause: error });
  });
  const of = (name: string) => spans.filter((span) => span.name === name);

  expect(of('POST /agents/:agent_id/runs')).toMatchObject([{ parentSpanId: caller }]);
  expect(new Set(spans.map(({ traceState }) => traceState))).toEqual(new Set([trace.tracestate]));
  const taken = of('process tool.approval_required').map(({ spanId }) => spanId);
  for (const { links } of of('approval_decided')) {
    expect(links).toMatchObject([{ traceId }]);
    expect(taken).toContain(links![0]!.spanId);
  }
  const calls = of('execute_tool deploy_elsewhere').map(({ spanId }) => spanId);
  const asked = of('send e2e.releases.requests');
  expect(asked.map(({ parentSpanId }) => parentSpanId).toSorted()).toEqual(calls.toSorted());
  expect(requests.map(({ headers }) => headers['traceparent']).toSorted()).toEqual(
    asked.map(({ spanId }) => `00-${traceId}-${spanId}-01`).toSorted(),
  );
  expect(requests.map(({ headers }) => headers['tracestate'])).toEqual(requests.map(() => trace.tracestate));

  const lines = serviceNames.flatMap((service) => world.stack.children(service).map((child) => child.output()));
  expect(lines.join('\n')).toMatch(new RegExp(`"trace_id":"${traceId}".*the answer of the model`));
}

const groupOf = ({ attributes }: ReceivedSpan): unknown => attributes['messaging.consumer.group.name'];
