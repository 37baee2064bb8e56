import type { NewEvent } from '@countersign/contracts';
import type { Execution } from '@countersign/contracts/executions';
import { generateKey, keysFromText, Verifier } from '@countersign/signing';
import { ResultGuard, type ResultEvent } from '@countersign/signing/results';
import { beforeAll, describe, expect, it } from 'vitest';
import { approved, claimed, executionAfter, failed, lost, now, succeeded } from '../../test/execution.fixtures.js';
import { decideExecution } from '../execution/execution.js';
import type { ExecutionMessage } from '../execution/messages.js';
import { ResultSigner } from './result-signer.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
const signer = new ResultSigner(async () => ring);
const guard = new ResultGuard(() => Verifier.fromKeyRing(ring));

/** What is stored and published when this message arrives. */
async function sealed(execution: Execution | undefined, message: ExecutionMessage): Promise<readonly NewEvent[]> {
  const transition = decideExecution(execution, message, now);
  if (transition.kind !== 'changed') throw new Error(transition.reason);
  const { state, events } = await signer.sign(transition.state, transition.events);
  expect(state).toEqual(transition.state);
  return events;
}

describe('what came of a call', () => {
  beforeAll(() => Promise.all([signer.open(), guard.open()]));
  const running = executionAfter(approved(), claimed);

  it.each<[string, Execution | undefined, ExecutionMessage, ResultEvent['type']]>([
    ['that succeeded', running, succeeded, 'tool.execution_completed'],
    ['that failed', running, failed, 'tool.execution_failed'],
    ['that nobody saw the end of', running, lost, 'tool.execution_outcome_unknown'],
    ['that is not made at all', undefined, approved({ refusal: 'no such tool' }), 'tool.execution_failed'],
  ])('%s is signed in its event', async (_, execution, message, type) => {
    const [event] = await sealed(execution, message);
    expect(event).toMatchObject({ type, data: { signature: expect.any(String) } });
    expect(await guard.problemWith(event as ResultEvent)).toBeUndefined();
  });

  it('is signed like that it began, which says what the event does', async () => {
    const [started] = await sealed(executionAfter(approved()), claimed);
    const { data } = started as Extract<NewEvent, { type: 'tool.execution_started' }>;
    const claims = JSON.parse(Buffer.from(data.signature!.split('.')[1]!, 'base64url').toString()) as object;
    expect({ ...claims, signature: data.signature }).toEqual(data);
  });
});
