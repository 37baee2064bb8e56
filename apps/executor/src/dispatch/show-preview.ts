import type { Execution } from '@countersign/contracts/executions';
import { longestPreview, previewDigest, previewedCall } from '@countersign/contracts/previews';
import type { EpochMillis } from '@countersign/contracts/time';
import { InTheWay, type Outcome, type Watch } from '../adapters/adapter.js';
import { MaskedCall } from '../masking/masked-call.js';
import type { Tool } from '../tools/tool.js';

type Previewed = Pick<Execution, 'run_id' | 'tool_call_id' | 'tool_name' | 'tool_args' | 'tool_version'>;
type Preview = NonNullable<Tool['preview']>;
export type Shown = { outcome: 'shown' | 'failed'; text: string };

/** Characters of a reason. */
const longestReason = 1_000;

/**
 * What a call would do, as the preview of its tool says.
 *
 * @param id of this time that it is run: a target that answers the same id with the same answer must not do so here
 * @throws InTheWay
 */
export async function showPreview(
  { adapter }: Preview,
  { run_id, tool_call_id, tool_name, tool_args, tool_version }: Previewed,
  { id, now }: { id: string; now: EpochMillis },
  { mask, signal, lastLook }: Pick<Watch, 'mask' | 'signal' | 'lastLook'>,
): Promise<Shown> {
  const masked = new MaskedCall(mask, { signal, lastLook, progress: () => {} });
  const call = { id, run_id, tool_call_id, tool_name, tool_args, tool_version, attempt: 1, started_at: now };
  try {
    return shownBy(masked.end(await adapter.execute(call, masked.watch)));
  } catch (error) {
    if (error instanceof InTheWay) throw error;
    return failed(mask(error instanceof Error ? error.message : String(error)));
  }
}

function shownBy(outcome: Outcome): Shown {
  if (outcome.outcome !== 'succeeded') return failed(outcome.outcome === 'failed' ? outcome.error : outcome.reason);
  const text = outcome.result.toWellFormed();
  return outcome.truncated || text.length > longestPreview
    ? failed('It has more to say than is shown, so nobody would see all of it: see max_output.')
    : { outcome: 'shown', text };
}

const failed = (reason: string): Shown => ({ outcome: 'failed', text: reason.toWellFormed().slice(0, longestReason) });

/** Why an approved call is not made: it would do something else by now than people have seen. @throws InTheWay */
export async function previewChange(
  execution: Execution,
  preview: Preview | undefined,
  now: EpochMillis,
  watch: Watch,
): Promise<Outcome | undefined> {
  const { preview_digest, id, attempts } = execution;
  if (preview_digest === null || !preview?.rerun) return undefined;
  const again = { id: `preview-${id}-attempt-${attempts.length}`, now };
  const { outcome, text } = await showPreview(preview, execution, again, watch);
  if (outcome === 'shown' && previewDigest(previewedCall(execution), text) === preview_digest) return undefined;
  const why =
    outcome === 'shown' ? 'its preview shows something else than was approved' : `its preview failed: ${text}`;
  return { outcome: 'failed', error: `not executed: ${why}`, code: 'preview_changed' };
}
