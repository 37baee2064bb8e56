import { z } from 'zod';
import { Id } from '../../fields/fields.js';

const about = Id.nullable().default(null);

/** The answer to every refused command; what is not known of it is null. */
export const CommandRefused = z.object({
  command_id: z.string().meta({ description: 'The id of the command that is refused.' }),
  command_source: z.string().nullable().default(null).meta({ description: 'Its source; its id is unique within it.' }),
  reason: z.string().meta({ description: 'For people.' }),
  code: z.string().nullable().default(null).meta({ description: 'As in a problem over HTTP: stable, for programs.' }),
  run_id: about,
  agent_id: about,
  approval_id: about,
  tool_call_id: about,
  tool_name: about,
});
