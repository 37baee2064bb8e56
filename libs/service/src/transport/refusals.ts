import {
  derivedId,
  emit,
  eventSource,
  Id,
  isCommand,
  refusals,
  type Event,
  type EventData,
  type EventName,
  type ServiceName,
} from '@countersign/contracts';
import type { Clock } from '@countersign/contracts/time';
import { encode, type Bus, type EventHead } from '@countersign/messaging';

/** A command as far as it could be read. */
export interface RefusedCommand extends EventHead {
  type: EventName;
  data?: unknown;
}

const about = ['run_id', 'agent_id', 'approval_id', 'tool_call_id', 'tool_name'] as const;
/** What a command was about; by default what the command itself says. */
export type RefusedAbout = Partial<Pick<EventData<'run.refused'>, (typeof about)[number]>>;

/** Answers commands that did not count. The same command is answered with the same event, however often it comes. */
export class Refusals {
  constructor(
    private readonly service: ServiceName,
    private readonly bus: Pick<Bus, 'publish'>,
    private readonly now: Clock,
  ) {}

  /** @param why its `code` is for programs, its `reason` for people */
  async publish(
    command: RefusedCommand,
    why: { reason: string; code: string },
    known: RefusedAbout = {},
  ): Promise<void> {
    const { type, id, source, key, subject, traceparent, tracestate } = command;
    if (!isCommand(type)) return;
    const said = { ...saidOf(command.data), ...known };
    const refused = emit(refusals[type], {
      command_id: id,
      command_source: source,
      ...why,
      run_id: null,
      agent_id: null,
      approval_id: null,
      tool_call_id: null,
      tool_name: null,
      ...said,
    });
    const event = {
      ...refused,
      id: `refused/${derivedId(type, source, id)}`,
      source: eventSource(this.service),
      time: new Date(this.now()).toISOString(),
      subject: said.approval_id == null ? subject : `approvals/${said.approval_id}`,
      key: said.run_id ?? key,
      traceparent,
      tracestate,
      authtype: 'system',
      causationid: id,
    };
    await this.bus.publish([encode(event as Event)]);
  }
}

function saidOf(data: unknown): RefusedAbout {
  const fields = Object(data) as Record<string, unknown>;
  return Object.fromEntries(
    about.flatMap((name) => (Id.safeParse(fields[name]).success ? [[name, fields[name]]] : [])),
  );
}
