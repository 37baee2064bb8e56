import { Id } from '@countersign/contracts';
import { ApprovalStatus, DecisionBasis, DecisionVerdict } from '@countersign/contracts/approvals';
import { PauseType, ToolVersion } from '@countersign/contracts/calls';
import { EpochSeconds } from '@countersign/contracts/time';
import { z } from 'zod';

/** As `callDigest` and `resultDigest` write it. */
const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits');

/** One person's verdict, without the note. */
const Decider = z.strictObject({
  by: Id.nullable(),
  verdict: DecisionVerdict,
  at: EpochSeconds,
  on_behalf_of: Id.optional().meta({ description: 'Of a deputy: in whose place, who counts once.' }),
});

/** A standing grant that decided, with all that is needed to count once more whether it holds. */
const Grant = z.strictObject({
  id: Id,
  given_by: z.array(z.strictObject({ by: Id, at: EpochSeconds })),
  required_approvals: z.int().positive(),
  expires_at: EpochSeconds,
});

/**
 * What the approval service signs when an approval is resolved. It is strict: a verifier that does not know a
 * claim refuses it, since the claim may say when the decision must not be acted on.
 */
export const DecisionClaims = z.strictObject({
  approval_id: Id,
  run_id: Id,
  tool_call_id: Id,
  tool_name: Id,
  digest: Digest.meta({ description: 'The exact call, with the values that a person filled in.' }),
  status: ApprovalStatus.exclude(['pending']),
  pause_type: PauseType,
  automatic: z.boolean().meta({ description: 'True when a policy decided, without a person.' }),
  basis: DecisionBasis.nullable().meta({ description: 'Basis of the decision; null: expired or cancelled.' }),
  grant: Grant.nullable().meta({ description: 'Exactly when the decision rests on a grant.' }),
  four_eyes: z.boolean().meta({ description: 'Neither requester nor requested_by counts among the deciders.' }),
  requester: Id.nullable().meta({ description: 'For whom the run requested it.' }),
  requested_by: Id.nullable().meta({ description: 'Who sent the request of the run.' }),
  deciders: z.array(Decider),
  required_approvals: z.int().positive().meta({
    description: 'How many people had to approve, unless a policy decided.',
  }),
  resolved_at: EpochSeconds,
  act_by: EpochSeconds.nullable().meta({
    description: 'Of an approval: whoever has no record of the call by then must not act on it. null: it is none.',
  }),
  policy_version: z.string().nullable(),
  tool_version: ToolVersion.nullable().default(null),
  details_digest: Digest.meta({ description: 'What else of the event is acted on: who is named, the note, redact.' }),
  break_glass: z.strictObject({ by: Id, at: EpochSeconds, group: Id }).optional().meta({
    description: 'Who approved alone in an emergency, as the rules let them: in place of the people who had to.',
  }),
  run_began_at: EpochSeconds.optional().meta({
    description: 'Of what is said again to a run that has heard otherwise before: when the run was requested.',
  }),
  result_digest: Digest.optional().meta({
    description: 'Of `resolution_data.result`, exactly when the event has one: the work was done by hand.',
  }),
});
export type DecisionClaims = z.infer<typeof DecisionClaims>;
