import type { Approval } from '@countersign/contracts/approvals';
import { previewDigest, previewedCall, type Preview } from '@countersign/contracts/previews';
import { atSeconds } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import type { Screen } from '../terminal/screen.js';
import { previewText } from './preview.js';

const screen = { paint: (_: string, text: string) => text } as Pick<Screen, 'paint'> as Screen;
const exact = {
  run_id: 'run-1',
  tool_call_id: 'call-1',
  tool_name: 'deploy',
  tool_args: { version: '2.1.0' },
  salt: null,
};
const asked = { ...exact, approved_args: null } as unknown as Approval;

function previewed(change: Partial<Preview> = {}): Approval {
  const call = previewedCall(asked);
  const output = '2.0.3 -> 2.1.0';
  const by = { required: true, by: null, requested_at: atSeconds(1), answer_by: atSeconds(2), before: null };
  const shown = { round: 1, status: 'shown' as const, call, output, digest: previewDigest(call, output), reason: null };
  return { ...asked, preview: { ...shown, ...by, ...change } };
}

it('a preview is shown as it is', () => {
  expect(previewText(screen, previewed())).toEqual(['Preview', '  2.0.3 -> 2.1.0']);
});

it('one of other arguments says that it is none of this call', () => {
  const approval = { ...previewed(), approved_args: null, tool_args: { service_name: 'another' } };
  expect(previewText(screen, approval)[1]).toContain('of other arguments');
});

it('one that failed says why', () => {
  const failed = previewed({ status: 'failed', output: null, digest: null, reason: 'exit code 1' });
  expect(previewText(screen, failed)).toEqual(['Preview', '  There is none: exit code 1']);
});
