import { z } from 'zod';
import { CallArguments } from '../calls/call-arguments.js';
import { catalogue } from '../events/catalogue.js';
import { Id } from '../fields/fields.js';
import { isFinishedStatus, Run, type Call } from './run.js';

/** The body of a request for calls; the address and the credential say the rest. */
export const RequestCalls = catalogue['tool.call_requested'].schema.pick({
  calls: true,
  reason: true,
  context: true,
  framework: true,
  session_id: true,
  user_id: true,
  deadline_in: true,
});
export type RequestCalls = z.infer<typeof RequestCalls>;

export const GetCallsQuery = z.object({
  since: z.coerce.number().int().nonnegative().optional().meta({
    description: 'A `version` that was seen: the answer comes once there is a later one, or the time is up.',
  }),
  timeout: z.coerce.number().min(0).max(60).default(20).meta({ description: 'Maximum wait in seconds.' }),
});

/** How far a call is. */
export const CallStatus = z
  .enum(['waiting', 'approved', 'succeeded', 'failed', 'rejected', 'expired', 'cancelled', 'outcome_unknown'])
  .meta({
    description:
      'waiting: for a decision. approved: it is made, by the executor or by the caller. rejected, expired, cancelled: it is not made. outcome_unknown: a person must find out; it is not made again.',
  });
export type CallStatus = z.infer<typeof CallStatus>;

export const RequestedCall = z.object({
  id: Id.meta({ description: 'Of its approval, and of its execution.' }),
  tool_call_id: Id,
  tool_name: Id,
  status: CallStatus,
  tool_args: CallArguments.meta({ description: 'As they were approved, once they are.' }),
  edited: z.boolean().meta({ description: 'Whether a person has edited the arguments.' }),
  result: z.string().nullable().meta({ description: 'What came of it, or why it failed.' }),
  note: z.string().nullable().meta({ description: 'What whoever decided has to say.' }),
  resolved_by: Id.nullable(),
});
export type RequestedCall = z.infer<typeof RequestedCall>;

/** Calls that an external agent has asked for, together. */
export const RequestedCalls = Run.pick({
  run_id: true,
  agent_id: true,
  session_id: true,
  user_id: true,
  requested_by: true,
  status: true,
  error: true,
  error_code: true,
  version: true,
  deadline_at: true,
  created_at: true,
  finished_at: true,
})
  .extend({ calls: z.array(RequestedCall) })
  .meta({ id: 'RequestedCalls' });
export type RequestedCalls = z.infer<typeof RequestedCalls>;

export const showCalls = (run: Run): RequestedCalls =>
  RequestedCalls.parse({ ...run, calls: run.calls.map((call) => show(run, call)) });

const show = (run: Run, call: Call): RequestedCall => {
  const { tool_call_id, tool_name, tool_args, result } = call.tool_execution;
  return {
    id: call.id,
    tool_call_id,
    tool_name,
    status: statusOf(run, call),
    tool_args,
    edited: call.proposed_args !== null,
    result,
    note: call.confirmation_note,
    resolved_by: call.resolved_by,
  };
};

/** Of a run that is over, what was not decided when it ended is void; that it was not, may still be on its way. */
function statusOf({ status, unsettled }: Run, { ending, unknown, confirmation }: Call): CallStatus {
  if (ending !== null) return ending;
  if (unknown !== null) return 'outcome_unknown';
  if (confirmation === true) return 'approved';
  return isFinishedStatus(status) && !unsettled ? 'cancelled' : 'waiting';
}
