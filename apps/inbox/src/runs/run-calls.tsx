import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import { callOf } from '../calls/call-of.js';
import { CallMarks, CallTitle } from '../calls/call-title.js';
import { addressOf } from '../routes.js';
import { me } from '../server/client.js';
import { viewerOf } from '../server/session.js';
import { callState } from './call-state.js';

interface RunCallsProps {
  approvals: readonly Approval[];
  executions: readonly Execution[];
  /** The one that is looked at, if it is one. */
  approvalId: string | undefined;
}

/** The calls of a run that need a decision, and where each stands. */
export function RunCalls({ approvals, executions, approvalId }: RunCallsProps) {
  const viewer = viewerOf(me.value!);
  const states = approvals.map((approval) => ({
    approval,
    state: callState(
      approval,
      executions.find(({ id }) => id === approval.id),
      viewer,
    ),
  }));
  const counts = Map.groupBy(states, ({ state }) => state.text);
  return (
    <div class="run-calls">
      <p class="muted">{[...counts].map(([text, { length }]) => `${length} ${text}`).join(' · ')}</p>
      <ul>
        {states.map(({ approval, state }) => (
          <li key={approval.id}>
            {approval.id === approvalId ? (
              <strong>
                <CallTitle call={callOf(approval)} />
              </strong>
            ) : (
              <a href={addressOf('inbox', approval.id)}>
                <CallTitle call={callOf(approval)} />
              </a>
            )}{' '}
            <CallMarks call={callOf(approval)} /> <span class={`status ${state.tone}`}>{state.text}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
