import { emit } from '@countersign/contracts';
import { approvalDigest, type Approval, type Decision } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { previewOf } from '@countersign/contracts/previews';
import { toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { rejected, touch } from '@countersign/persistence';
import { quorumOf } from './counted.js';
import { argsOf, validateDecision, type DecisionCommand } from './decision.js';
import { standingInFor } from './deputies/deputy.js';
import { concluded, due } from './due.js';
import type { ApprovalTransition, SetBackCode } from './messages.js';
import { withdrawnBy } from './questions/question.js';
import { hold } from './rejudge.js';
import { callOf, resolved } from './resolution.js';

/** Counts what a person decides, under the rules of the moment; whoever is the last that it takes ends it. */
export function recordDecision(
  pending: Approval,
  decided: DecisionCommand & { set_back?: SetBackCode },
  now: EpochMillis,
): ApprovalTransition {
  const { verdict, by, groups, resolution_data } = decided;
  const held = hold(pending, decided.rules, now);
  if ('kind' in held) return held;
  const { approval, events: before } = held;
  if (approval.expires_at !== null && approval.expires_at <= toEpochSeconds(now)) return due(approval, now);
  const objection = validateDecision(approval, decided, pending.digest);
  if (objection) return rejected(objection.code, objection.reason);
  const note = resolution_data?.note ?? null;
  const at = toEpochSeconds(now);
  const { delegator: on_behalf_of = null, id: delegation_id = null } = standingInFor(approval, decided) ?? {};
  const decision: Decision = { verdict, by, at, note, groups: [...groups], on_behalf_of, delegation_id };
  const questions = withdrawnBy(by, approval.questions, at);
  const state = touch(proposed(approval, decided), now, { decisions: [...approval.decisions, decision], questions });
  const { approvals, met, refused } = quorumOf(state);
  const recorded = emit('approval.decision_recorded', {
    ...callOf(approval),
    decision,
    approvals,
    required_approvals: approval.required_approvals,
  });
  const ends = verdict === 'rejected' ? refused !== null : met;
  return ends
    ? resolved(state, verdict, { by, resolution_data, basis: 'people' }, now, ...before, recorded)
    : concluded(state, now, decided.set_back ?? null, ...before, recorded);
}

/** What was approved stays with the record, for the others to see and approve. */
function proposed(approval: Approval, decided: DecisionCommand): Approval {
  if (decided.verdict === 'rejected') return approval;
  const args = argsOf(approval, decided);
  const approved_args = canonicalJson(args) === canonicalJson(approval.tool_args) ? null : args;
  const { values, result, grant } = decided.resolution_data ?? {};
  const recordedData = {
    ...(values && approval.pause_type === 'user_input' && { values }),
    ...(result !== undefined && { result }),
    ...(grant && { grant }),
  };
  const state = {
    ...approval,
    approved_args,
    preview: previewOf(approval, args),
    ...(Object.keys(recordedData).length > 0 && { resolution_data: recordedData }),
  };
  return { ...state, digest: approvalDigest(state) };
}
