import { RequestSigner, type RunMessage } from '@countersign/agent-runner';
import { Signer } from '@countersign/approval-service';
import type { Event, EventName, NewEvent, ServiceName } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import type { Run } from '@countersign/contracts/runs';
import { type EpochMillis, atMillis } from '@countersign/contracts/time';
import { ResultSigner } from '@countersign/executor';
import { DecisionGuard, generateKey, isRunEnd, keysFromText, RequestGuard, Verifier } from '@countersign/signing';
import { isResult, ResultGuard } from '@countersign/signing/results';
import type { PublicKeys } from './judge.js';

type Seal<R> = (state: R, events: readonly NewEvent[]) => Promise<{ state: R; events: readonly NewEvent[] }>;

/** What the services sign with and believe, as they do outside of a simulation. */
export interface Links {
  readonly seals: { runs: Seal<Run>; approvals: Seal<Approval>; executions: Seal<Execution> };
  /** What everybody may know. */
  readonly publicKeys: PublicKeys;
  /** Why a service does not handle an event; undefined when it does. */
  problemWith(service: ServiceName, event: Event, now: EpochMillis): Promise<string | undefined>;
  /** Why an execution may not start now; null when it may. */
  refusalOf(execution: Execution, now: EpochMillis): Promise<string | null>;
}

const newRing = async () => keysFromText(JSON.stringify(await generateKey()));

/** Keys of their own for runner, approval service and executor. */
export async function openLinks(): Promise<Links> {
  const [requests, decisions, results] = await Promise.all([newRing(), newRing(), newRing()]);
  const requestSigner = new RequestSigner(async () => requests);
  const signer = new Signer(async () => decisions);
  const resultSigner = new ResultSigner(async () => results);
  await Promise.all([requestSigner.open(), signer.open(), resultSigner.open()]);

  let now = atMillis(0);
  const requestGuard = new RequestGuard('signed', () => Verifier.fromKeyRing(requests));
  const decisionGuard = new DecisionGuard(
    () => Verifier.fromKeyRing(decisions),
    () => now,
  );
  const resultGuard = new ResultGuard(() => Verifier.fromKeyRing(results));
  await Promise.all([requestGuard.open(), decisionGuard.open(), resultGuard.open()]);

  return {
    seals: { runs: requestSigner.sign, approvals: signer.sign, executions: resultSigner.sign },
    publicKeys: {
      requests: requestSigner.jwks().keys,
      decisions: signer.jwks().keys,
      results: resultSigner.jwks().keys,
    },
    problemWith(service, event, at) {
      now = at;
      const end: { type: EventName } = event;
      if (is(event, 'tool.approval_required')) return requestGuard.problemWithRequest(event.data);
      // The runner knows how its runs ended.
      if (isRunEnd(end) && service !== 'agent-runner') return requestGuard.problemWithEnd(end);
      if (is(event, 'approval.resolved')) return decisionGuard.problemWith(event.data);
      const result = event as Extract<RunMessage, Event>;
      return isResult(result) ? resultGuard.problemWith(result) : Promise.resolve(undefined);
    },
    async refusalOf(execution, at) {
      now = at;
      const verdict = await decisionGuard.verifyStored({ ...execution, jws: execution.decision });
      return verdict.kind === 'sound' ? null : verdict.reason;
    },
  };
}

const is = <N extends EventName>(event: Event, name: N): event is Event<N> => event.type === name;
