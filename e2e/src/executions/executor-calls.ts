import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { RunOutput } from '@countersign/contracts/runs';
import { eventually } from '../world/eventually.js';
import { call, wants } from '../runs/model-plans.js';
import type { World } from '../world/world.js';

/** Calls that one executor makes at once in the scenarios. */
export const places = 3;

/** A run that has asked for calls of one tool, with what each of them is to be given; `name` is all that is needed. */
export async function asked(world: World, tool: string, ...args: Record<string, string>[]) {
  const calls = args.map((each) => call(tool, { name: tool, ...each }));
  const input = world.plans.plan(`make ${calls.length} calls of ${tool}`, wants(...calls));
  const { run, pending } = await world.startPaused(input, calls.length);
  const byCall = new Map(pending.map((approval) => [approval.tool_call_id, approval]));
  return { input, run, approvals: calls.map(({ call_id }) => byCall.get(String(call_id))!) };
}

/** The same, approved in their order. */
export async function approvedCalls(world: World, tool: string, ...args: Record<string, string>[]) {
  const given = await asked(world, tool, ...args);
  for (const { id } of given.approvals) await world.client.resolve(id, 'approved', 'ada');
  return given;
}

/** The executions of a run, once they are as wanted. */
export function executionsOnce(
  world: World,
  { run_id }: Pick<RunOutput, 'run_id'>,
  what: string,
  areAsWanted: (executions: Execution[]) => boolean,
): Promise<Execution[]> {
  return eventually(what, async () => {
    const { data } = await world.client.executions.list({ run_id, limit: 100 });
    return areAsWanted(data) && data;
  });
}

/** An execution once it has one of these statuses. */
export function executionOnce(world: World, { id }: Pick<Approval, 'id'>, ...statuses: Execution['status'][]) {
  return eventually(`the execution ${id} to be ${statuses.join(' or ')}`, async () => {
    const execution = await world.client.executions.get(id);
    return statuses.includes(execution.status) && execution;
  });
}

/** Waits until the target has been told so many times to make these calls. */
export const started = (world: World, approvals: readonly Approval[], times = approvals.length): Promise<true> =>
  eventually(`${times} starts`, async () => {
    return approvals.flatMap((approval) => world.startsOf(approval)).length === times;
  });
