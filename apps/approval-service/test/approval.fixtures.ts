import type { Event, EventData } from '@countersign/contracts';
import {
  plainRequireTerms,
  type Approval,
  type RequireTerms,
  type ResolutionData,
  type Ruling,
  type DecisionVerdict,
} from '@countersign/contracts/approvals';
import { callDigest, type Requirement, type ToolExecution, type UserInputField } from '@countersign/contracts/calls';
import { atMillis, toEpochSeconds, type EpochMillis } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { decideApproval } from '../src/approval/approval.js';
import type { ApprovalMessage } from '../src/approval/messages.js';
import { unjudged, type PolicyDecision } from '../src/approval/approval-request.js';
import { rulesWith } from './definitions.fixtures.js';

/** Approvals and messages for specifications; the request is the golden one. */
export const now = atMillis(Date.parse('2026-09-01T09:30:00.900Z'));
export const nowSeconds = toEpochSeconds(now);

/** They ask for nothing, so that the terms of an approval are what a specification says. */
export const rules = rulesWith([], { approve: true });

type Required = Extract<ApprovalMessage, { type: 'required' }>;
type Decision = Extract<ApprovalMessage, { type: 'decided' }>;

/** The request for an approval by these terms. */
export function required(
  terms: Partial<RequireTerms> = {},
  change: Partial<EventData<'tool.approval_required'>> = {},
  judgement: Partial<PolicyDecision> = {},
): Required {
  const event = goldenEvent('tool.approval_required');
  return {
    type: 'required',
    event: { ...event, data: { ...event.data, requested_by: 'ana', ...change } },
    policyDecision: {
      ...unjudged,
      rules_version: rules.version,
      terms: { ...plainRequireTerms, ...terms },
      ...judgement,
    },
  };
}

/** A sound request for another call. */
export function requestFor(change: Partial<EventData<'tool.approval_required'>>): Event<'tool.approval_required'> {
  const event = goldenEvent('tool.approval_required');
  const data = { ...event.data, requested_by: 'ana', ...change };
  return { ...event, data: { ...data, digest: callDigest(data) } };
}

/** Terms by which so many people approve, whoever they are. */
export const approvalsOfAnybody = (count: number): Partial<RequireTerms> => ({
  approvers: [{ group: null, count, members: null }],
});

const version = 'f00d';
export const ruled = (outcome: Ruling['outcome'], rule: string | null = 'production'): Ruling => ({
  version,
  rule,
  outcome,
  saw: [],
});

/** The golden requirement, of a call that is another in this. */
export const requirementWith = (change: Partial<ToolExecution>): Requirement => {
  const { requirement } = goldenEvent('tool.approval_required').data;
  const tool_execution = { ...requirement.tool_execution, ...change };
  return { ...requirement, user_input_schema: tool_execution.user_input_schema, tool_execution };
};

const field = (name: string, schema: UserInputField['schema'], required = true): UserInputField => ({
  name,
  field_type: 'str',
  description: null,
  value: null,
  schema,
  required,
});
export const fields = [
  field('window', { type: 'string', pattern: '^CHG-' }),
  field('replicas', { type: 'integer', minimum: 1 }),
  field('regions', { type: 'array', items: { type: 'string' } }, false),
];
export const values = { window: 'CHG-2201', replicas: 3 };

/** Asks for the values of {@link fields}. */
export const inputRequired = (
  terms: Partial<RequireTerms> = {},
  change: Partial<ToolExecution> = {},
  judgement: Partial<PolicyDecision> = {},
): Required => {
  const call = { external_execution_required: false, requires_user_input: true, user_input_schema: fields, ...change };
  return required(terms, { pause_type: 'user_input', requirement: requirementWith(call) }, judgement);
};
export const audited = required({ expires_in: 60 }, { approval_type: 'audit' });

export const decided = (
  verdict: DecisionVerdict,
  by: string | null,
  resolution_data: ResolutionData | null = null,
  groups: readonly string[] = [],
  digest?: string,
): Decision => ({ type: 'decided', verdict, by, groups, resolution_data, digest, rules });
export const commented = (id = 'comment-1', text = 'Is the change window open?'): ApprovalMessage => ({
  type: 'commented',
  comment: { id, by: 'carol', text },
});

export const asked = (
  by: string | null = 'bob',
  id = 'question-1',
  groups: readonly string[] = [],
): ApprovalMessage => ({
  type: 'asked',
  id,
  by,
  groups,
  text: 'Is the migration done?',
  rules,
});
export const answered = (by: string | null = 'ana', more: object = {}): ApprovalMessage => ({
  type: 'answered',
  question_id: 'question-1',
  by,
  groups: [],
  isAdministrator: false,
  isApprover: true,
  text: 'Since Monday.',
  rules,
  ...more,
});

/** Of the call as the golden request has it. */
const breaking = (by: string | null = 'dave', more: object = {}) => ({
  by,
  groups: [],
  reason: 'The shop is down.',
  digest: approvalAfter(required()).digest,
  rules,
  ...more,
});
export const broken = (by?: string | null, more?: object): ApprovalMessage => ({
  type: 'glass_broken',
  ...breaking(by, more),
});
export const reviewed = (by: string | null = 'bob', groups: readonly string[] = []): ApprovalMessage => ({
  type: 'reviewed',
  by,
  groups,
  text: 'It was right: see INC-7.',
});

export const runCancelled: Event<'run.cancelled'> = goldenEvent('run.cancelled');
export const runCompleted: Event<'run.completed'> = goldenEvent('run.completed');
export const runFailed: Event<'run.failed'> = goldenEvent('run.failed');
const [requirement] = runCancelled.data.requirements as [Requirement];
export const madeVoid: ApprovalMessage = { type: 'void', event: runCancelled, requirement };
export const failedVoid: ApprovalMessage = { type: 'void', event: runFailed, requirement };

/** The approval after these messages, each of which must change it. */
export function approvalAfter(...messages: readonly ApprovalMessage[]): Approval {
  return continued(undefined, now, ...messages);
}

export function continued(
  from: Approval | undefined,
  at: EpochMillis,
  ...messages: readonly ApprovalMessage[]
): Approval {
  let approval = from;
  for (const message of messages) {
    const transition = decideApproval(approval, message, at);
    if (transition.kind !== 'changed') throw new Error(`${message.type} is ${transition.kind}: ${transition.reason}`);
    approval = { ...transition.state, version: (approval?.version ?? 0) + 1 };
  }
  return approval!;
}
