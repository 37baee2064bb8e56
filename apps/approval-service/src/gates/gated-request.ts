import type { EventData } from '@countersign/contracts';
import { pauseTypeOf, type Requirement } from '@countersign/contracts/calls';
import { areRequested, mcpToolName, userInputFields } from '@countersign/definitions';
import type { Gate } from './gates.js';

type Request = EventData<'tool.approval_required'>;

/**
 * The request with the gate of its tool as the definitions here have it, whatever the message says; nothing of its
 * requirement is taken from the message but the names of the call. Where both say something, the stricter counts: what
 * either wants decided is decided, and what either wants hidden is hidden.
 */
export function gatedBy(gate: Gate, request: Request): Request {
  const { requirement, approval_id, tool_call_id, tool_name, tool_args } = request;
  const approval_type = request.approval_type === 'required' ? 'required' : gate.approval;
  const parameters = gate.parameters ?? request.parameters;
  const user_input_schema = userInputFields({ ...gate, parameters: parameters ?? {} });
  const tool_execution: Requirement['tool_execution'] = {
    tool_call_id,
    tool_name,
    tool_args,
    result: null,
    tool_call_error: null,
    requires_confirmation: gate.requires === 'confirmation',
    confirmed: null,
    confirmation_note: null,
    requires_user_input: gate.requires === 'user_input',
    user_input_schema,
    answered: null,
    external_execution_required: gate.requires === 'external_execution',
    approval_type,
    approval_id,
    redact: [...new Set([...gate.redact, ...requirement.tool_execution.redact])],
  };
  return {
    ...request,
    approval_type,
    pause_type: pauseTypeOf(tool_execution),
    parameters,
    annotations: gate.parameters === null ? saidOf(request) : null,
    requirement: {
      id: approval_id,
      confirmation: null,
      confirmation_note: null,
      external_execution_result: null,
      user_input_schema,
      tool_execution,
    },
  };
}

/** What the server of the tool says of it, if it is of that server, and of the tool that the executor will look for. */
const saidOf = ({ annotations, tool_name, tool_version }: Request): Request['annotations'] =>
  annotations && tool_name.startsWith(mcpToolName(annotations.server, '')) && areRequested(tool_version, annotations)
    ? annotations
    : null;
