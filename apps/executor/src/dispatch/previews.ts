import { emit, eventSource, type Event, type EventData, type Log } from '@countersign/contracts';
import { previewedCall } from '@countersign/contracts/previews';
import { TerminalError } from '@countersign/contracts/problems';
import { toEpochMillis, type Clock } from '@countersign/contracts/time';
import type { KnownSecrets } from '@countersign/definitions/masking';
import { retryUntilStored } from '@countersign/persistence';
import type { Alarms } from '@countersign/service';
import type { Configuration } from '@countersign/service/configuration';
import type { PreviewGuard } from '@countersign/signing/previews';
import { InTheWay } from '../adapters/adapter.js';
import type { Switches } from '../kill-switch/switches.js';
import { maskOfCall } from '../masking/masked-call.js';
import type { Tools } from '../tools/tool.js';
import { showPreview, type Shown } from './show-preview.js';
import { unfit } from './start-check.js';

type Request = EventData<'approval.preview_asked'>;

export interface PreviewsOptions {
  tools: Tools;
  secrets: Pick<KnownSecrets, 'list'>;
  switches: Pick<Switches, 'paused'>;
  configuration: Pick<Configuration, 'fresh'>;
  guard: Pick<PreviewGuard, 'problemWithRequest'>;
  sign(data: EventData<'tool.previewed'>): Promise<string>;
  publish(event: Event): Promise<void>;
  /** How many are run at once. */
  size: number;
  alarms: Alarms;
  now: Clock;
  log: Log;
}

/**
 * Shows what calls would do that wait for a decision. There is no record of it: what is lost is asked for again, since
 * to run a preview once more changes nothing.
 */
export class Previews {
  readonly #options: PreviewsOptions;
  readonly #stopping = new AbortController();
  /** Requests that were taken, until they are over: a message that comes again runs nothing. */
  readonly #taken = new Map<string, number>();
  readonly #waiting: Event<'approval.preview_asked'>[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(options: PreviewsOptions) {
    this.#options = options;
  }

  /** @throws TerminalError when the approval service does not ask this */
  async request(event: Event<'approval.preview_asked'>): Promise<void> {
    const { approval_id, run_id, tool_name, round, answer_by } = event.data;
    const { guard, alarms, now } = this.#options;
    const reason = await guard.problemWithRequest(event.data);
    if (reason !== undefined) {
      alarms.refused('request', 'not_authentic', { approval_id, run_id, tool_name, reason });
      throw new TerminalError('not_authentic', `preview of approval ${approval_id}: ${reason}`);
    }
    for (const [key, until] of this.#taken) if (until <= now()) this.#taken.delete(key);
    const key = `${approval_id}/${round}`;
    if (this.#taken.has(key) || toEpochMillis(answer_by) <= now()) return;
    this.#taken.set(key, toEpochMillis(answer_by));
    this.#waiting.push(event);
    this.#begin();
  }

  /** What still runs is given up. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the executor stops'));
    await Promise.all(this.#running);
  }

  #begin(): void {
    const { log, size } = this.#options;
    while (this.#running.size < size && !this.#stopping.signal.aborted) {
      const next = this.#waiting.shift();
      if (!next) return;
      const running = this.#answer(next)
        .catch((err: unknown) => log.error({ err, approval_id: next.data.approval_id }, 'a preview was not answered'))
        .finally(() => {
          this.#running.delete(running);
          this.#begin();
        });
      this.#running.add(running);
    }
  }

  async #answer(event: Event<'approval.preview_asked'>): Promise<void> {
    const { log, now, publish, sign } = this.#options;
    const { approval_id, run_id, tool_call_id, tool_name, round, answer_by } = event.data;
    if (toEpochMillis(answer_by) <= now()) return;
    const { outcome, text } = await this.#shown(event.data);
    if (this.#stopping.signal.aborted) return;
    const of = { approval_id, run_id, tool_call_id, tool_name, round, call_digest: previewedCall(event.data) };
    const data = { ...of, outcome, text, signature: null };
    const previewed = emit('tool.previewed', { ...data, signature: await sign(data) });
    const { traceparent, tracestate } = event;
    const answer = {
      ...previewed,
      id: `previews/${approval_id}/${round}`,
      source: eventSource('executor'),
      subject: `previews/${approval_id}`,
      time: new Date(now()).toISOString(),
      key: run_id,
      causationid: event.id,
      traceparent,
      tracestate,
    };
    await retryUntilStored(() => publish(answer), log);
  }

  async #shown(request: Request): Promise<Shown> {
    const { configuration, now, secrets, tools } = this.#options;
    const { approval_id, tool_name, round } = request;
    await configuration.fresh();
    const tool = tools.get(tool_name);
    const problem = unfit(request, tool);
    if (problem !== null) return { outcome: 'failed', text: problem };
    if (!tool?.preview) return { outcome: 'failed', text: `this executor knows no preview of "${tool_name}"` };
    const mask = maskOfCall(secrets, request);
    const { signal } = this.#stopping;
    try {
      const run = { id: `preview-${approval_id}-${round}`, now: now() };
      return await showPreview(tool.preview, request, run, { mask, signal, lastLook: () => this.#look(tool_name) });
    } catch (error) {
      if (!(error instanceof InTheWay)) throw error;
      return { outcome: 'failed', text: `${error.message}: ask again once it is turned back` };
    }
  }

  /** A kill switch holds previews as it holds calls. */
  async #look(tool_name: string): Promise<void> {
    const { now, switches } = this.#options;
    if (!(await switches.paused()).has(tool_name)) return;
    const held_by = { code: 'kill_switch', detail: `a kill switch for ${tool_name} is on`, until: null } as const;
    throw new InTheWay({ until: now(), held_by });
  }
}
