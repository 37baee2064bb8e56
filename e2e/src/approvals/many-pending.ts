import { approvalId, emit, parseEventData, type EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { readDefinitions, toolDefinitionOf, toolVersion } from '@countersign/definitions';
import { encode, type Message } from '@countersign/messaging';
import { openRequestKeyRing, requestClaimsOf, signRequest, type KeyRing } from '@countersign/signing';
import { readFileSync } from 'node:fs';

const golden = new URL('../../../libs/contracts/fixtures/v1/tool.approval_required.json', import.meta.url);

/**
 * Requests for so many approvals, each of a run of its own, as the runner would publish them that keeps its keys in this
 * data directory.
 *
 * @param definitions the file of the stack, which declares the tool
 */
export async function manyPending(count: number, definitions: string, directory: string): Promise<Message[]> {
  const { data } = JSON.parse(readFileSync(golden, 'utf8')) as { data: EventData<'tool.approval_required'> };
  const tool = readDefinitions(definitions).tools.find(({ name }) => name === data.tool_name)!;
  const example = { ...data, tool_version: toolVersion(toolDefinitionOf(tool)) };
  const keys = await openRequestKeyRing({}, directory);
  return Promise.all(Array.from({ length: count }, async (_, n) => encode(await requested(example, n, keys))));
}

async function requested(example: EventData<'tool.approval_required'>, n: number, { signingKey }: KeyRing) {
  const { tool_call_id, tool_name, requirement } = example;
  const run_id = `run-${n}`;
  const approval_id = approvalId(run_id, tool_call_id);
  const tool_args = { service_name: `service-${n}`, version: '2.1.0' };
  const tool_execution = { ...requirement.tool_execution, tool_args, approval_id };
  const request = {
    ...example,
    requested_by: example.user_id,
    run_id,
    approval_id,
    tool_args,
    requirement: { ...requirement, id: approval_id, tool_execution },
    digest: callDigest({ run_id, tool_call_id, tool_name, tool_args }),
  };
  const unsigned = parseEventData('tool.approval_required', request);
  const signature = await signRequest(signingKey, requestClaimsOf(unsigned, toEpochSeconds(systemClock())));
  const data = { ...unsigned, signature };
  return {
    ...emit('tool.approval_required', data),
    id: `runs/${run_id}/1/0`,
    source: '/countersign/agent-runner',
    time: new Date().toISOString(),
    subject: `runs/${run_id}`,
    key: run_id,
    traceparent: null,
    tracestate: null,
  };
}
