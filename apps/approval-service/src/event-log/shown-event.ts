import {
  redactApproval,
  redactArguments,
  redactRequirement,
  type Event,
  type EventData,
  type LoggedEvent,
  type ResolutionData,
} from '@countersign/contracts';

/** An event as the log shows it: whatever its tool declares as not for everybody's eyes is hidden, and so are tokens. */
export function shownEvent(event: Event): LoggedEvent {
  const { id, type, source, subject, time } = event;
  const {
    token: _token,
    signature: _signature,
    salt: _salt,
    ...data
  } = withoutSecrets(event) as Record<string, unknown>;
  const run_id = typeof data['run_id'] === 'string' ? data['run_id'] : null;
  return { id, type, source, subject, time, run_id, data };
}

function withoutSecrets(event: Event): object {
  if (is(event, 'tool.approval_required')) return redactRequest(event.data);
  if (is(event, 'approval.created')) return redactApproval(event.data);
  if (is(event, 'approval.resolved')) return redactResolved(event.data);
  if (is(event, 'approval.resolve_requested')) return redactCommand(event.data);
  return event.data;
}

const is = <N extends Event['type']>(event: Event, name: N): event is Event<N> => event.type === name;

function redactRequest(data: EventData<'tool.approval_required'>): object {
  const { redact } = data.requirement.tool_execution;
  return {
    ...data,
    tool_args: redactArguments(data.tool_args, redact),
    requirement: redactRequirement(data.requirement),
  };
}

const redactResolved = (data: EventData<'approval.resolved'>): object => ({
  ...data,
  tool_args: redactArguments(data.tool_args, data.redact),
  resolution_data: data.resolution_data && redactResolution(data.resolution_data, data.redact),
});

/** A command does not say which arguments are to be hidden, so all are. */
const redactCommand = (data: EventData<'approval.resolve_requested'>): object => {
  const { tool_args = {}, values = {} } = data.resolution_data ?? {};
  const redact = [...Object.keys(tool_args), ...Object.keys(values)];
  return { ...data, ...(data.resolution_data && { resolution_data: redactResolution(data.resolution_data, redact) }) };
};

function redactResolution(given: ResolutionData, redact: readonly string[]): ResolutionData {
  const { tool_args, values, grant } = given;
  return {
    ...given,
    ...(tool_args && { tool_args: redactArguments(tool_args, redact) }),
    ...(values && { values: redactArguments(values, redact) }),
    ...(grant?.arguments && { grant: { ...grant, arguments: redactArguments(grant.arguments, redact) } }),
  };
}
