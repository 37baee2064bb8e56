import type { EventData } from '@countersign/contracts';
import type { Approval } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import type { Preview } from '@countersign/contracts/previews';
import type { Store } from '@countersign/persistence';

/**
 * What was shown when the same call of the run was approved before: it was not made since it shows something else by now.
 * Found here, and not taken from the request.
 */
export async function shownBefore(
  approvals: Pick<Store<Approval>, 'find'>,
  { approval_id, run_id, tool_call_id, tool_name, tool_args }: EventData<'tool.approval_required'>,
): Promise<Preview['before']> {
  const ofRun = await approvals.find({ filter: { run_id }, sort: [['created_at', 'desc']], limit: 1_000 });
  const isSame = (each: Approval) =>
    each.id !== approval_id &&
    each.tool_call_id === tool_call_id &&
    each.tool_name === tool_name &&
    each.status === 'approved' &&
    canonicalJson(each.approved_args ?? each.tool_args) === canonicalJson(tool_args);
  const former = ofRun.find(isSame);
  return former?.preview?.output == null ? null : { approval_id: former.id, output: former.preview.output };
}
