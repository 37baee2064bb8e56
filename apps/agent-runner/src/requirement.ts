import { approvalId, callDigest, emit, type NewEvent, type Requirement, type Run } from '@countersign/contracts';
import type { Agent } from './agent.js';
import type { CheckedCall } from './conversation.js';

/** What a run waits for because of one call. Some models use a call id again: it is still a new call. */
export function requirementOf(
  runId: string,
  earlier: readonly Requirement[],
  tool_call_id: string,
  { tool, tool_args }: CheckedCall,
): Requirement {
  const uses = earlier.filter(({ tool_execution }) => tool_execution.tool_call_id === tool_call_id).length;
  const id = approvalId(runId, uses > 0 ? `${tool_call_id}#${uses}` : tool_call_id);
  return {
    id,
    confirmation: null,
    confirmation_note: null,
    external_execution_result: null,
    user_input_schema: null,
    tool_execution: {
      tool_call_id,
      tool_name: tool.name,
      tool_args,
      result: null,
      requires_confirmation: false,
      confirmed: null,
      requires_user_input: false,
      external_execution_required: true,
      approval_type: tool.approval,
      approval_id: id,
    },
  };
}

/** Asks for the approval of a call; the digest ties whatever is decided to exactly this call. */
export function approvalRequired(run: Run, agent: Agent, requirement: Requirement, reason: string): NewEvent {
  const { tool_call_id, tool_name, tool_args, approval_type } = requirement.tool_execution;
  return emit('tool.approval_required', {
    run_id: run.run_id,
    agent_id: run.agent_id,
    session_id: run.session_id,
    user_id: run.user_id,
    approval_id: requirement.id,
    tool_call_id,
    tool_name,
    tool_args,
    approval_type,
    pause_type: 'external_execution',
    source_name: agent.name,
    requirement,
    context: { input: run.input, reason: reason || null },
    digest: callDigest({ run_id: run.run_id, tool_call_id, tool_name, tool_args }),
  });
}

export type Confirmation = Partial<Pick<Requirement, 'confirmation' | 'confirmation_note'>>;

/** Notes a decision on the requirement and on its call, where agno keeps it too. */
export const confirm = (requirement: Requirement, confirmation: Confirmation): Requirement => ({
  ...requirement,
  ...confirmation,
  tool_execution: {
    ...requirement.tool_execution,
    confirmed: confirmation.confirmation ?? requirement.tool_execution.confirmed,
  },
});
