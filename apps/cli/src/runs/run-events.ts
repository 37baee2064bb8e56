import { Requirement, ToolExecution } from '@countersign/contracts';
import { z } from 'zod';

const tool = ToolExecution.nullish();
const content = z.string().nullish();

/** What happens in a run, in agno's words, as `GET /runs/{run_id}/events` tells it. */
export const RunEvent = z.discriminatedUnion('event', [
  z.looseObject({ event: z.literal('RunStarted'), agent_id: z.string(), run_id: z.string(), input: z.string() }),
  z.looseObject({ event: z.literal('RunContent'), content }),
  z.looseObject({ event: z.literal('RunContentCompleted'), content }),
  z.looseObject({ event: z.literal('ToolCallStarted'), tool }),
  z.looseObject({
    event: z.literal('ToolCallProgress'),
    tool_name: z.string(),
    output: z.string(),
    percent: z.number().nullable(),
    message: content,
  }),
  z.looseObject({ event: z.literal('ToolCallCompleted'), tool, content }),
  z.looseObject({ event: z.literal('ToolCallError'), tool, error: content }),
  z.looseObject({
    event: z.literal('RunPaused'),
    run_id: z.string(),
    agent_id: z.string(),
    requirements: z.array(Requirement),
  }),
  z.looseObject({ event: z.literal('RunContinued') }),
  z.looseObject({ event: z.literal('RunCompleted'), content }),
  z.looseObject({ event: z.literal('RunCancelled'), reason: content }),
  z.looseObject({ event: z.literal('RunError'), content }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** Undefined for what this version does not know. */
export function runEventIn(data: string): RunEvent | undefined {
  return RunEvent.safeParse(JSON.parse(data)).data;
}
