import type { Event } from '@countersign/contracts';
import { goldenEvent } from '@countersign/testing';
import { describe, expect, it, vi } from 'vitest';
import { PreviewEventsController } from './preview-events.controller.js';

describe('what is shown of a call', () => {
  const event: Event<'tool.previewed'> = goldenEvent('tool.previewed');
  const open = (problem?: string) => {
    const execute = vi.fn(async () => ({ kind: 'ignored' as const, reason: '', state: undefined }));
    const refused = vi.fn();
    const guard = { problemWith: async () => problem };
    const controller = new PreviewEventsController({ execute } as never, guard, { refused });
    return { controller, execute, refused };
  };

  it('counts where an executor has signed it', async () => {
    const { controller, execute } = open();
    await controller.previewed(event);
    expect(execute).toHaveBeenCalledWith(event.data.approval_id, event);
  });

  it('is not shown where it is not authentic: an alarm and a dead letter', async () => {
    const { controller, execute, refused } = open('It is not signed.');
    await expect(controller.previewed(event)).rejects.toMatchObject({ code: 'not_authentic' });
    expect(execute).not.toHaveBeenCalled();
    expect(refused).toHaveBeenCalledWith('result', 'not_authentic', expect.objectContaining({ run_id: event.key }));
  });
});
