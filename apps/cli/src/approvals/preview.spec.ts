import type { Approval } from '@countersign/contracts/approvals';
import { previewDigest, previewedCall, type Preview } from '@countersign/contracts/previews';
import { atSeconds } from '@countersign/contracts/time';
import { expect, it } from 'vitest';
import type { Screen } from '../terminal/screen.js';
import { askForPreview, needsPreview, previewText } from './preview.js';
import type { Context } from '../connection/context.js';

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

const edited = { tool_args: { version: '2.1.1' } };

it('one is needed of other arguments and of what is filled in, and of nothing that was done by hand', () => {
  expect(needsPreview(previewed(), {})).toBe(false);
  expect(needsPreview(previewed(), edited)).toBe(true);
  expect(needsPreview(previewed(), { values: { ticket: 'OPS-1' } })).toBe(true);
  expect(needsPreview(previewed(), { ...edited, result: 'Done.' })).toBe(false);
  expect(needsPreview(previewed({ required: false }), edited)).toBe(false);
  expect(needsPreview(previewed({ status: 'failed', output: null, digest: null }), {})).toBe(true);
});

it('one of other arguments is waited for, and what is shown of others in between is not taken for it', async () => {
  const call = previewedCall({ ...exact, ...edited });
  const requested = previewed({ round: 2, call, status: 'requested', output: null, digest: null });
  const pending = { ...requested, status: 'pending' as const };
  const answering = (then: Approval) => {
    const asked: object[] = [];
    const approvals = {
      preview: async (_: string, wanted: object) => (asked.push(wanted), pending),
      get: async () => ({ ...then, status: 'pending' as const }),
    };
    return { asked, context: { client: { approvals } } as unknown as Context };
  };
  const { asked, context } = answering(previewed({ round: 2, call }));
  expect((await askForPreview(context, previewed(), edited)).preview!.call).toBe(call);
  expect(asked).toEqual([edited]);
  const others = answering(previewed({ round: 3 })).context;
  await expect(askForPreview(others, previewed(), edited)).rejects.toThrow('There is no preview of this');
});
