import { EpochSeconds } from '../time/epoch.js';
import { z } from 'zod';
import { Id } from '../fields/fields.js';
import { Requirement, ToolExecution } from '../calls/tool-call.js';

const about = { created_at: EpochSeconds, run_id: Id, agent_id: Id, session_id: Id };
const tool = ToolExecution.nullish();
const content = z.string().nullish();

/** What happens in a run, in agno's words, as its stream tells it. */
export const RunEvent = z.discriminatedUnion('event', [
  z.looseObject({ event: z.literal('RunStarted'), ...about, input: z.string() }),
  z.looseObject({ event: z.literal('RunContent'), ...about, content }),
  z.looseObject({ event: z.literal('RunContentCompleted'), ...about, content }),
  z.looseObject({ event: z.literal('ToolCallStarted'), ...about, tool }),
  z.looseObject({
    event: z.literal('ToolCallProgress'),
    ...about,
    execution_id: Id,
    tool_name: Id,
    attempt: z.int(),
    output: z.string().meta({ description: 'What was printed since the last of these.' }),
    offset: z.int().nullable().meta({ description: 'Characters that came before; null when that is not known.' }),
    percent: z.number().nullable(),
    message: z.string().nullable(),
  }),
  z.looseObject({ event: z.literal('ToolCallCompleted'), ...about, tool, content }),
  z.looseObject({ event: z.literal('ToolCallError'), ...about, tool, error: content }),
  z.looseObject({ event: z.literal('RunPaused'), ...about, requirements: z.array(Requirement) }),
  z.looseObject({ event: z.literal('RunContinued'), ...about }),
  z.looseObject({ event: z.literal('RunCompleted'), ...about, content }),
  z.looseObject({ event: z.literal('RunCancelled'), ...about, reason: content }),
  z.looseObject({ event: z.literal('RunError'), ...about, content }),
]);
export type RunEvent = z.infer<typeof RunEvent>;
