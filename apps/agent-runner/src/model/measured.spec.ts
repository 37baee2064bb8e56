import { after, atMillis } from '@countersign/contracts/time';
import { Metrics, noTracing } from '@countersign/service';
import { describe, expect, it } from 'vitest';
import { agent } from '../../test/agent.fixtures.js';
import { MeasuredModel } from './measured.js';
import { ModelError, type Model } from './model.js';

const requests = 'countersign_model_request_seconds_count';
const tokens = 'countersign_model_tokens_total';

describe('a model that is watched', () => {
  function watched(respond: Model['respond']) {
    const metrics = new Metrics();
    let clock = atMillis(0);
    const model = new MeasuredModel(
      { description: 'a model', provider: 'nobody', respond },
      metrics,
      noTracing,
      () => (clock = after(clock, 2_000)),
    );
    const ask = (signal = new AbortController().signal) => model.respond({ agent, conversation: [], signal });
    const shown = async () => {
      const lines = (await metrics.exposition()).split('\n').filter((line) => line.startsWith('countersign_'));
      return lines.filter((line) => !line.includes('_bucket'));
    };
    return { model, ask, shown };
  }

  it('answers as it would, and counts what that took', async () => {
    const response = { items: [], usage: { input_tokens: 12, output_tokens: 3 }, incomplete: null };
    const { model, ask, shown } = watched(async () => response);
    expect(model.description).toBe('a model');
    expect(await ask()).toBe(response);
    expect(await shown()).toEqual([
      `countersign_model_request_seconds_sum{model="${agent.model}",outcome="answered"} 2`,
      `${requests}{model="${agent.model}",outcome="answered"} 1`,
      `${tokens}{model="${agent.model}",direction="input"} 12`,
      `${tokens}{model="${agent.model}",direction="output"} 3`,
    ]);
  });

  it.each([
    ['failed', new AbortController().signal],
    ['given_up', AbortSignal.abort()],
  ])('has %s as it would', async (outcome, signal) => {
    const error = new ModelError('overloaded', 1_000, 'model_quota_exceeded');
    const { ask, shown } = watched(() => Promise.reject(error));
    await expect(ask(signal)).rejects.toBe(error);
    expect(await shown()).toContain(`${requests}{model="${agent.model}",outcome="${outcome}"} 1`);
    const failures = (await shown()).filter((line) => line.includes('failures_total'));
    const counted = `countersign_model_failures_total{model="${agent.model}",code="model_quota_exceeded"} 1`;
    expect(failures).toEqual(outcome === 'failed' ? [counted] : []);
  });
});
