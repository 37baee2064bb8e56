import { emit } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { systemClock } from '@countersign/contracts/time';
import type { Message } from '@countersign/messaging';
import { changed, ignored, newRecord, type StoredRecord } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { noTracing } from '../tracing/tracing.js';
import { openCommandHandler } from './command-handler.js';
import type { ServiceContext } from './service.js';

interface Sample extends StoredRecord {
  run_id: string;
  user_id: string | null;
}

const event = { run_id: 'run-1', agent_id: 'ops', session_id: 's', user_id: null, requested_by: null };

describe('an event that the log never takes', () => {
  let temporary: ReturnType<typeof openTemporaryDatabase>;
  let published: Message[];
  let refused: (message: Message) => boolean;
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const onNeverPublished = vi.fn(async (): Promise<unknown> => undefined);
  beforeEach(() => {
    temporary = openTemporaryDatabase();
    published = [];
    onNeverPublished.mockReset();
  });
  afterEach(() => temporary.close());

  async function publish(messages: readonly Message[]): Promise<void> {
    if (messages.some((each) => refused(each)))
      throw new TerminalError('not_publishable', 'larger than the topic takes');
    published.push(...messages);
  }

  function open() {
    const context = {
      bus: { publish },
      database: temporary.database,
      log,
      metrics: new Metrics(),
      now: systemClock,
      tracing: noTracing,
    };
    return openCommandHandler<Sample, 'begin', never>(context as unknown as ServiceContext, {
      service: 'agent-runner',
      collection: { name: 'samples', key: 'run_id', indexes: [] },
      decide: (state, _, now) =>
        state
          ? ignored('it has begun')
          : changed({ run_id: 'run-1', user_id: null, ...newRecord(now) }, emit('run.continued', event)),
      onNeverPublished,
    });
  }

  it('is a dead letter without its data where the record says otherwise by now, so that nobody acts on it', async () => {
    onNeverPublished.mockResolvedValue('superseded');
    refused = ({ topic }) => topic !== 'dead-letters';
    const { commandHandler, relay } = open();
    await commandHandler.execute('run-1', 'begin');
    await expect.poll(() => published, { timeout: 5_000 }).toMatchObject([{ topic: 'dead-letters' }]);
    expect(String(published[0]!.value)).toBe('{}');
    await relay.stop();
  });

  it('ends what would wait for it and is a dead letter, without its data where that is too large as well', async () => {
    const { commandHandler, relay } = open();
    onNeverPublished.mockRejectedValueOnce(new Error('the store is away'));
    refused = ({ value }) => value!.includes('session_id');
    await commandHandler.execute('run-1', 'begin');
    await expect.poll(() => published, { timeout: 5_000 }).toMatchObject([{ topic: 'dead-letters' }]);
    expect(String(published[0]!.value)).toBe('{}');
    expect(onNeverPublished).toHaveBeenCalledTimes(2);
    expect(onNeverPublished).toHaveBeenLastCalledWith(
      expect.objectContaining({ type: 'run.continued', key: 'run-1' }),
      expect.any(TerminalError),
    );
    await relay.stop();
  });
});
