import type { Approval } from '@countersign/contracts/approvals';
import type { Collection } from '@countersign/persistence';

const newest = '-created_at';
/** Removed ones are never listed, so every list and its count can be answered from its index alone. */
const shown = ['deleted_at', newest];
export const approvalCollection: Collection<Approval> = {
  name: 'approvals',
  key: 'id',
  indexes: [
    ['due_at'],
    ['updated_at'],
    shown,
    ['status', ...shown],
    ['status', 'deleted_at', 'expires_at'],
    ['deleted_at', 'expires_at'],
    ['status', 'user_id', 'deleted_at'],
    ['run_id', ...shown],
    ['agent_id', ...shown],
    ['user_id', ...shown],
    ['tool_name', ...shown],
    ['resolved_by', ...shown],
    ['approval_type', ...shown],
    ['review', ...shown],
    ['pause_type', ...shown],
    ['source_type', ...shown],
    ['team_id', ...shown],
    ['workflow_id', ...shown],
    ['schedule_id', ...shown],
    ['status', 'deleted_at', '-resolved_at'],
    ['status', 'rules_version'],
  ],
};
