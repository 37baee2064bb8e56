import { type Clock, secondsOf } from '@countersign/contracts/time';
import type { Metrics, Span, Tracing } from '@countersign/service';
import { ModelError, type Model, type ModelRequest, type ModelResponse } from './model.js';

const buckets = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** A model that is watched: how long it takes to answer, and what that costs. */
export class MeasuredModel implements Model {
  readonly #requests;
  readonly #tokens;
  readonly #failures;

  constructor(
    private readonly model: Model,
    metrics: Metrics,
    private readonly tracing: Tracing,
    private readonly now: Clock,
  ) {
    this.#requests = metrics.durations(
      {
        name: 'countersign_model_request_seconds',
        help: 'Requests to the model: answered, failed, or given_up (aborted: the answer was no longer needed).',
        labels: ['model', 'outcome'],
      },
      buckets,
    );
    this.#failures = metrics.counter({
      name: 'countersign_model_failures_total',
      help: 'Requests to the model that failed, by the code that their runs wait or end with.',
      labels: ['model', 'code'],
    });
    this.#tokens = metrics.counter({
      name: 'countersign_model_tokens_total',
      help: 'Tokens that the model has read (input) and written (output).',
      labels: ['model', 'direction'],
    });
  }

  get provider(): string {
    return this.model.provider;
  }

  get description(): string {
    return this.model.description;
  }

  /** The conventions of OpenTelemetry for generative AI; prompts and answers are in no trace. */
  async respond(request: ModelRequest): Promise<ModelResponse> {
    const { model, id } = request.agent;
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': this.model.provider,
      'gen_ai.request.model': model,
      'gen_ai.agent.id': id,
    };
    return this.tracing.span(`chat ${model}`, { kind: 'client', attributes }, (span) => this.#respond(request, span));
  }

  async #respond(request: ModelRequest, span: Span): Promise<ModelResponse> {
    const { model } = request.agent;
    const begun = this.now();
    const took = (outcome: 'answered' | 'failed' | 'given_up') =>
      this.#requests.observe({ model, outcome }, secondsOf(this.now() - begun));
    try {
      const response = await this.model.respond(request);
      took('answered');
      span.set({
        'gen_ai.usage.input_tokens': response.usage.input_tokens,
        'gen_ai.usage.output_tokens': response.usage.output_tokens,
        'countersign.model.incomplete': response.incomplete,
      });
      this.#tokens.add({ model, direction: 'input' }, response.usage.input_tokens);
      this.#tokens.add({ model, direction: 'output' }, response.usage.output_tokens);
      return response;
    } catch (error) {
      took(request.signal.aborted ? 'given_up' : 'failed');
      if (!request.signal.aborted)
        this.#failures.add({ model, code: error instanceof ModelError ? error.code : 'model_unavailable' });
      throw error;
    }
  }
}
