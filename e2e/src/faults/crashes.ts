import type { EventName, ServiceName } from '@countersign/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../world/eventually.js';
import { ApiError } from '@countersign/client';
import type { Client } from '../world/client.js';
import { pausedRun, request } from '../world/flow.js';
import type { CrashPoint, Stack } from '../world/stack.js';

/** Each step of the flow at which a service may die: before it stored it, before it published it, before it knows it did. */
const steps: { service: ServiceName; type: EventName }[] = [
  { service: 'agent-runner', type: 'run.started' },
  { service: 'approval-service', type: 'approval.created' },
  { service: 'agent-runner', type: 'tool.approval_required' },
  { service: 'approval-service', type: 'approval.resolved' },
  { service: 'executor', type: 'tool.execution_started' },
  { service: 'executor', type: 'tool.execution_completed' },
  { service: 'agent-runner', type: 'run.continued' },
  { service: 'agent-runner', type: 'run.completed' },
];
const moments = ['committing', 'committed', 'published'] as const;
const everyPoint: CrashPoint[] = steps.flatMap(({ type }) => moments.map((moment) => `${moment} ${type}` as const));

/** Where the executor dies between its claim and the stored outcome, nobody saw what came of the call. */
const leavesUnknown = (at: string): boolean =>
  /(committed|published) tool\.execution_started|committing tool\.execution_completed/.test(at);

/**
 * `kill -9` of each service at each step of the flow: the run still ends well and the deployment starts once.
 *
 * @param points default: every step, before it is stored, after it and after it was published
 */
export function describeCrashes(
  name: string,
  makeStack: () => Promise<Stack> | Stack,
  points: readonly CrashPoint[] = everyPoint,
): void {
  describe(`A crash on ${name}`, () => {
    let stack: Stack;
    beforeAll(async () => {
      stack = await makeStack();
    });
    afterAll(() => stack?.close());

    const doomedAt = points.map((at) => ({ at, service: steps.find(({ type }) => at.endsWith(` ${type}`))!.service }));

    it.each(doomedAt)('of the $service at "$at" loses nothing and starts nothing twice', async ({ service, at }) => {
      await stack.start();
      const doomed = stack.children(service)[0]!;
      stack.crashAt(at);
      const key = `${at} ${Date.now()}`;
      const { run_id } = await revive(() => stack.client.startRun(request, { key }));
      const approval = await revive(async () => (await stack.client.approvals.list({ run_id })).data[0]);
      await revive(() => decided(stack.client, approval.id));
      const run = await revive(async () => {
        const seen = await stack.client.waitForRun(run_id, ['COMPLETED', 'ERROR'], 1);
        const { data } = await stack.client.executions.list({ run_id });
        const isOver = seen.status === 'COMPLETED' || data[0]?.status === 'outcome_unknown';
        return isOver ? seen : undefined;
      });

      expect(await doomed.ended).toBe('SIGKILL');
      await stack.start();
      const { data: executions } = await stack.client.executions.list({ run_id });
      const starts = stack.deployments().filter(({ release_id }) => release_id === approval.id);
      if (leavesUnknown(at) && executions[0]!.status === 'outcome_unknown') {
        expect(starts.length).toBeLessThanOrEqual(1);
        expect(await settle(run_id, approval.id)).toContain('looked at the manifest');
        return;
      }
      expect(run.content).toContain('Deployed auth-service 2.1.0');
      expect(executions).toMatchObject([{ status: 'succeeded', attempts: [{ attempt: 1 }] }]);
      expect(starts).toHaveLength(1);
    });

    it('while a run is paused leaves the approval there, and approving it completes the run', async () => {
      await stack.start();
      const { run, approval } = await pausedRun(stack.client);
      await Promise.all(steps.map(({ service }) => stack.kill(service)));
      await stack.start();
      expect((await stack.client.approvals.get(approval.id)).status).toBe('pending');
      await stack.client.resolve(approval.id, 'approved', 'ada');
      expect((await stack.client.waitForRun(run.run_id, ['COMPLETED'], 20)).content).toContain('Deployed auth-service');
    });

    it('a stop with SIGTERM drains: a run under way is done or handed on, and the process ends with 0', async () => {
      await stack.start();
      const { run, approval } = await pausedRun(stack.client);
      await stack.client.resolve(approval.id, 'approved', 'ada');
      const children = steps.flatMap(({ service }) => stack.children(service));
      await stack.stop();
      for (const child of children) expect(await child.ended).toBe(0);
      await stack.start();
      expect((await stack.client.waitForRun(run.run_id, ['COMPLETED'], 20)).status).toBe('COMPLETED');
      expect(stack.deployments().filter(({ release_id }) => release_id === approval.id)).toHaveLength(1);
    });

    /** Does something that a crash may interrupt: starts what has died, as a supervisor would, and tries again. */
    function revive<T>(work: () => Promise<T | undefined>): Promise<T> {
      return eventually(
        'the flow to go on after a crash',
        async () => {
          try {
            return await work();
          } catch {
            await stack.start();
            return undefined;
          }
        },
        { ms: 90_000 },
      );
    }

    /** A person finds out what happened, and the run goes on with it. */
    async function settle(runId: string, executionId: string): Promise<string> {
      const parked = await eventually('the run to say what it waits for', async () => {
        const run = await stack.client.runs.get(runId);
        return run.unknown_outcomes.some(({ execution_id }) => execution_id === executionId) && run;
      });
      expect(parked.status).toBe('PAUSED');
      await stack.client.settle(executionId, 'succeeded', 'looked at the manifest');
      const run = await stack.client.waitForRun(runId, ['COMPLETED'], 20);
      return run.content ?? '';
    }
  });
}

/** Approves. Being told "already resolved" is fine: the answer to the first try may have been lost in the crash. */
async function decided(client: Client, id: string): Promise<true> {
  try {
    await client.resolve(id, 'approved', 'ada');
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
  }
  return true;
}
