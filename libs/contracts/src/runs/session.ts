import { z } from 'zod';
import { Id, RequestedBy, stored } from '../fields/fields.js';

/**
 * The runs of one conversation, and whose turn it is: one run of a session works at a time. It belongs to the agent and
 * the user of its first run, and where that has no user, to the sender of its request.
 */
export const Session = z.object({
  session_id: Id,
  agent_id: Id,
  user_id: Id.nullable(),
  requested_by: RequestedBy,
  session_name: z.string(),
  run_id: Id.meta({ description: 'The run whose turn it is, or was last.' }),
  turn: z.int().nonnegative().meta({ description: 'Counts the turns.' }),
  waiting: z.array(Id).meta({ description: 'The runs that are next, in order.' }),
  ...stored,
});
export type Session = z.infer<typeof Session>;

/** A session as the API shows it, in agno's shape. */
export const SessionOutput = Session.pick({
  session_id: true,
  session_name: true,
  agent_id: true,
  user_id: true,
  created_at: true,
  updated_at: true,
})
  .extend({
    session_type: z.literal('agent'),
    agent_session_id: Session.shape.session_id.meta({ description: 'The same as `session_id`.' }),
  })
  .meta({ id: 'Session' });
export type SessionOutput = z.infer<typeof SessionOutput>;
