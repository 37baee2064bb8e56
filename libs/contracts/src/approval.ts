import { z } from 'zod';
import { EpochSeconds, Id, JsonObject, stored } from './fields.js';
import { RunStatus } from './run.js';
import { ApprovalType, PauseType, redactArguments, redactRequirement, Requirement } from './tool-call.js';

export const ApprovalStatus = z.enum(['pending', 'approved', 'rejected', 'expired', 'cancelled']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

export const Verdict = z.enum(['approved', 'rejected']);
export type Verdict = z.infer<typeof Verdict>;

/** Whatever the characters, a decision must fit into a message of 1 MiB. */
const maxResolution = 200_000;

/** agno's `resolution_data`, with the keys that mean something here; other keys are kept as they are. */
export const ResolutionData = z
  .looseObject({
    note: z.string().max(10_000).optional().meta({ description: 'A reason. The model is told.' }),
    result: z
      .string()
      .max(100_000)
      .optional()
      .meta({ description: 'The work was already done by hand, and this came of it: nothing is executed.' }),
    values: JsonObject.optional().meta({
      description: 'The fields that a person filled in. An approval of a call that asks for them is refused without.',
    }),
  })
  .refine((data) => JSON.stringify(data).length <= maxResolution, `at most ${maxResolution} characters of JSON`);
export type ResolutionData = z.infer<typeof ResolutionData>;

/** One person's verdict. */
export const Decision = z.object({
  verdict: Verdict,
  by: Id.nullable(),
  at: EpochSeconds,
  note: z.string().nullable(),
});
export type Decision = z.infer<typeof Decision>;

/** The record of one tool call that asks for permission, as agno spells it; what is ours is added, never renamed. */
export const Approval = z
  .object({
    id: Id,
    run_id: Id,
    session_id: Id,
    status: ApprovalStatus,
    source_type: z.literal('agent'),
    approval_type: ApprovalType,
    pause_type: PauseType,
    tool_name: Id,
    tool_args: JsonObject,
    expires_at: EpochSeconds.nullable(),
    agent_id: Id,
    team_id: Id.nullable(),
    workflow_id: Id.nullable(),
    user_id: Id.nullable(),
    schedule_id: Id.nullable(),
    schedule_run_id: Id.nullable(),
    source_name: z.string(),
    requirements: z.array(Requirement),
    context: JsonObject,
    resolution_data: ResolutionData.nullable(),
    resolved_by: Id.nullable(),
    resolved_at: EpochSeconds.nullable(),
    run_status: RunStatus,
    tool_call_id: Id,
    digest: z.string(),
    decisions: z.array(Decision),
    required_approvals: z.int().positive(),
    deleted_at: EpochSeconds.nullable(),
    ...stored,
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

type Shown = Pick<Approval, 'requirements' | 'tool_args' | 'resolution_data'>;

/** The approval without the values of the arguments that its tool declares as not for everybody's eyes. */
export function redactApproval<A extends Shown>(approval: A): A {
  const { requirements, tool_args, resolution_data } = approval;
  const redact = requirements.flatMap(({ tool_execution }) => tool_execution.redact);
  if (redact.length === 0) return approval;
  const values = resolution_data?.values;
  return {
    ...approval,
    tool_args: redactArguments(tool_args, redact),
    requirements: requirements.map(redactRequirement),
    resolution_data: values ? { ...resolution_data, values: redactArguments(values, redact) } : resolution_data,
  };
}
