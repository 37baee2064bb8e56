import { z } from 'zod';
import { Id, RequestedBy } from '../../fields/fields.js';
import { Subject } from '../../auth/subject.js';

/** Which run, call or execution an event is about. */
export const run = { run_id: Id, agent_id: Id, session_id: Id, user_id: Subject.nullable(), requested_by: RequestedBy };

export const call = { run_id: Id, approval_id: Id, tool_call_id: Id, tool_name: Id };

export const execution = { ...call, execution_id: Id, attempt: z.int().nonnegative() };

/** What is put in when a commit is sealed. */
export const signedBy = (what: string) =>
  z
    .string()
    .nullable()
    .default(null)
    .meta({ description: `${what} as a compact JWS (EdDSA), by the runner.` });
