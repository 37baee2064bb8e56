import { approvalId, callDigest, emit, type EventData } from '@countersign/contracts';
import { encode, type Message } from '@countersign/messaging';
import { readFileSync } from 'node:fs';

const golden = new URL('../../libs/contracts/fixtures/v1/tool.approval_required.json', import.meta.url);

/** Requests for so many approvals, each of a run of its own, as a runner would publish them. */
export function manyPending(count: number): Message[] {
  const { data } = JSON.parse(readFileSync(golden, 'utf8')) as { data: EventData<'tool.approval_required'> };
  return Array.from({ length: count }, (_, n) => encode(requested(data, n)));
}

function requested(example: EventData<'tool.approval_required'>, n: number) {
  const { tool_call_id, tool_name, requirement } = example;
  const run_id = `run-${n}`;
  const approval_id = approvalId(run_id, tool_call_id);
  const tool_args = { service_name: `service-${n}`, version: '2.1.0' };
  const tool_execution = { ...requirement.tool_execution, tool_args, approval_id };
  const data = {
    ...example,
    run_id,
    approval_id,
    tool_args,
    requirement: { ...requirement, id: approval_id, tool_execution },
    digest: callDigest({ run_id, tool_call_id, tool_name, tool_args }),
  };
  return {
    ...emit('tool.approval_required', data),
    id: `runs/${run_id}/1/0`,
    source: '/countersign/agent-runner',
    time: new Date().toISOString(),
    subject: `runs/${run_id}`,
    key: run_id,
    traceparent: null,
  };
}
