import { redactCall, redactRequirement } from '@countersign/contracts/calls';
import { isFinishedStatus, isGated, type Call, type JournalEntry, type Run } from '@countersign/contracts/runs';
import type { EpochSeconds } from '@countersign/contracts/time';
import type { Store } from '@countersign/persistence';
import type { ServerSentEvent } from '@countersign/service';
import { requirementOf } from '../run/call.js';
import type { CallUpdate, CallPreview } from './call-preview.js';
import { textIn } from '../run/conversation.js';
import { waitsForPerson, type RunWatch } from './run-watch.js';
import type { TextDelta, TextPreview } from './text-preview.js';

/** How far a stream has been read: the last entry of the journal, and the characters seen of the text after it. */
export interface Position {
  entry: number;
  characters: number;
}

export const beginning: Position = { entry: -1, characters: 0 };

/** Reads a `Last-Event-ID`; whatever is none begins at the beginning. */
export function positionOf(id: string | undefined): Position {
  const [, entry, characters = '0'] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(id ?? '') ?? [];
  return entry === undefined ? beginning : { entry: Number(entry), characters: Number(characters) };
}

/** The end of what has happened to a run so far. */
export const endOf = ({ journal }: Run): Position => ({ entry: journal.length - 1, characters: 0 });

/** An event of a run in agno's words. */
export type StreamedEvent = ServerSentEvent;

export interface StreamOptions {
  after: Position;
  /** `pause`: until a person has to decide, or the run is over. `end`: through the pauses. */
  until: 'pause' | 'end';
}

/** The events of a run from any point on, whichever instance works on it. */
export class RunStream {
  constructor(
    private readonly store: Store<Run>,
    private readonly watch: RunWatch,
    private readonly preview: TextPreview,
    private readonly calls: Pick<CallPreview, 'listen'>,
  ) {}

  /** @yields undefined from time to time while nothing happens, which keeps the connection alive. */
  async *events(runId: string, { after, until }: StreamOptions): AsyncGenerator<StreamedEvent | undefined, void> {
    const previews = new Inbox<TextDelta | CallUpdate>();
    const listening = [this.preview.listen(runId, (delta) => previews.add(delta))];
    // agno's clients know no such event, and they are the ones that read until a pause.
    if (until === 'end') listening.push(this.calls.listen(runId, (update) => previews.add(update)));
    try {
      let { entry, characters } = after;
      let early: TextDelta | undefined;
      for (;;) {
        const change = this.watch.nextChange(runId);
        const run = await this.store.get(runId);
        for (; run && entry + 1 < run.journal.length; entry += 1) {
          if (!isUndone(run, entry + 1)) yield* eventsOf(run, entry + 1, characters);
          characters = 0;
        }
        if (!run || isOver(run, until) || this.watch.stopping.aborted) return change.dismiss();
        yield undefined;
        for await (const delta of previews.until(change.happened)) {
          if ('execution_id' in delta) {
            yield progress(run, delta);
            continue;
          }
          if (isAhead(delta, entry) && delta !== early) {
            // What it comes after is stored by now, and is sent first. It is read once.
            previews.putBack((early = delta));
            change.dismiss();
            break;
          }
          const fresh = delta.after === entry ? textAfter(delta, characters) : '';
          characters += fresh.length;
          if (fresh !== '') yield content(run, `${entry}.${characters}`, fresh);
        }
      }
    } finally {
      for (const stop of listening) stop();
    }
  }
}

/** Previews that wait for one reader: what they say comes whole in the end, so the oldest are dropped. */
const mostWaiting = 1_000;

/** What arrives while a client waits. */
class Inbox<T> {
  #items: T[] = [];
  #arrived = Promise.withResolvers<void>();

  add(item: T): void {
    this.#items.push(item);
    if (this.#items.length > mostWaiting) this.#items.shift();
    this.#arrived.resolve();
  }

  /** To be the next that is taken out. */
  putBack(item: T): void {
    this.#items.unshift(item);
  }

  /** What is there and what comes, until something else happens. */
  async *until(happened: Promise<void>): AsyncGenerator<T, void> {
    let over = false;
    const end = happened.then(() => (over = true));
    while (!over) {
      this.#arrived = Promise.withResolvers();
      while (this.#items.length > 0) yield this.#items.shift()!;
      await Promise.race([end, this.#arrived.promise]);
    }
  }
}

const isOver = (run: Run, until: StreamOptions['until']): boolean =>
  until === 'pause' ? waitsForPerson(run) : isFinishedStatus(run.status);

/** The run went on after this end of it. Whoever reads past it must not take it for the end. */
const isUndone = ({ journal }: Run, n: number): boolean =>
  journal[n]!.type === 'over' && journal.slice(n).some(({ type }) => type === 'continued');

const isAhead = ({ after }: TextDelta, entry: number): boolean => after !== null && after > entry;

/** What a delta adds to what was seen; one that leaves a gap is dropped, since the whole text comes in the end. */
const textAfter = ({ offset, text }: TextDelta, seen: number): string =>
  offset > seen ? '' : text.slice(seen - offset);

function* eventsOf(run: Run, n: number, seen: number): Generator<StreamedEvent> {
  const entry = run.journal[n]!;
  const id = String(n);
  const call = run.calls.find((each) => each.id === entry.call);
  if (entry.type === 'text') {
    const text = textIn(run.items.slice(...entry.items!));
    if (text.length > seen) yield content(run, `${n - 1}.${text.length}`, text.slice(seen), entry.at);
    yield event(run, 'RunContentCompleted', { content: text }, id, entry.at);
  } else {
    yield event(run, ...whatHappened(run, entry, call), id, entry.at);
  }
}

function whatHappened(run: Run, { type }: JournalEntry, call: Call | undefined): [event: string, data: object] {
  switch (type) {
    case 'started':
      return ['RunStarted', { input: run.run_input }];
    case 'text':
      return ['RunContent', {}];
    case 'call_started':
      return [
        'ToolCallStarted',
        { tool: call && { ...redactCall(call.tool_execution), result: null, tool_call_error: null } },
      ];
    case 'call_ended':
      return call?.tool_execution.tool_call_error
        ? ['ToolCallError', { tool: redactCall(call.tool_execution), error: call.tool_execution.result }]
        : [
            'ToolCallCompleted',
            { tool: call && redactCall(call.tool_execution), content: call?.tool_execution.result },
          ];
    case 'paused':
      return ['RunPaused', waitingFor(run)];
    case 'continued':
      return ['RunContinued', {}];
    case 'over':
      return ending(run);
    default:
      return type satisfies never;
  }
}

function ending({ status, content, error }: Run): [event: string, data: object] {
  if (status === 'COMPLETED') return ['RunCompleted', { content }];
  return status === 'CANCELLED' ? ['RunCancelled', { reason: error }] : ['RunError', { content: error }];
}

function waitingFor({ calls }: Run) {
  const gated = calls.filter(isGated);
  return {
    tools: gated.map(({ tool_execution }) => redactCall(tool_execution)),
    requirements: gated.map((each) => redactRequirement(requirementOf(each))),
  };
}

const content = (run: Run, id: string, text: string, at?: EpochSeconds): StreamedEvent =>
  event(run, 'RunContent', { content: text, content_type: 'str' }, id, at);

/** Only of the moment: whoever comes later reads what came of the call. */
function progress(run: Run, update: CallUpdate): StreamedEvent {
  const { event: name, data } = event(run, 'ToolCallProgress', update, '');
  return { event: name, data };
}

function event(run: Run, name: string, data: object, id: string, at = run.updated_at): StreamedEvent {
  const { run_id, agent_id, session_id } = run;
  return { id, event: name, data: { event: name, created_at: at, run_id, agent_id, session_id, ...data } };
}
