import type { Preview } from '@countersign/contracts/previews';
import { describe, expect, it } from 'vitest';
import { approveVerb, previewState, unreadyFor } from './label.js';

describe('the button that approves', () => {
  it('says what it does', () => {
    const plain = { isDone: false, isChanged: false, isGranted: false };
    expect(approveVerb(plain)).toBe('Approve');
    expect(approveVerb({ ...plain, isChanged: true, isGranted: true })).toBe('Approve with changes');
    expect(approveVerb({ ...plain, isDone: true })).toBe('Approve as done');
  });

  const ready = {
    askedBy: null,
    needsReason: false,
    isComplete: true,
    preview: null,
    isSeen: true,
    target: null,
    typed: '',
  };

  it('does nothing for a call of which the end was not in view', () => {
    expect(unreadyFor('approved', { ...ready, isSeen: false })).toMatchObject({ of: 'rest' });
    expect(unreadyFor('approved', ready)).toBeUndefined();
  });

  it.each(['', 'Production', 'production ', 'pr\u043eduction', 'staging'])(
    'does nothing for a critical call until its target is typed: %j',
    (typed) => {
      expect(unreadyFor('approved', { ...ready, target: 'production', typed })).toMatchObject({ of: 'target' });
      expect(unreadyFor('approved', { ...ready, target: 'production', typed: 'production' })).toBeUndefined();
    },
  );

  it('does nothing for other arguments than those that the preview is of, and leaves a rejection easy', () => {
    const preview = { status: 'shown', required: true } as Preview;
    const edited = previewState({ preview }, false);
    expect(unreadyFor('approved', { ...ready, preview: edited })).toMatchObject({ of: 'preview' });
    expect(unreadyFor('rejected', { ...ready, preview: edited })).toBeUndefined();
    expect(previewState({ preview }, true)).toBeNull();
    expect(previewState({ preview: { ...preview, status: 'requested' } }, true)).not.toBeNull();
    expect(previewState({ preview: { ...preview, status: 'failed' } }, true)).not.toBeNull();
    expect(previewState({ preview: { ...preview, required: false } }, false)).toBeNull();
  });

  it('does nothing while somebody else waits for an answer', () => {
    expect(unreadyFor('approved', { ...ready, askedBy: 'carol' })).toMatchObject({ of: 'question' });
    expect(unreadyFor('rejected', { ...ready, askedBy: 'carol' })).toBeUndefined();
  });

  it('leaves a rejection easy', () => {
    expect(unreadyFor('rejected', { ...ready, isSeen: false, isComplete: false, target: 'x' })).toBeUndefined();
    expect(unreadyFor('rejected', { ...ready, needsReason: true })).toMatchObject({ of: 'reason' });
  });
});
