import { useEffect, useState } from 'preact/hooks';
import { revision } from '../server/connection.js';
import { follow } from '../server/follow.js';
import type { RunEvent } from './timeline.js';

const names = [
  'RunStarted',
  'RunContent',
  'RunContentCompleted',
  'ToolCallStarted',
  'ToolCallCompleted',
  'ToolCallError',
  'RunPaused',
  'RunContinued',
  'RunCompleted',
  'RunCancelled',
  'RunError',
];
const last = new Set(['RunCompleted', 'RunCancelled', 'RunError']);

export interface RunEvents {
  events: readonly RunEvent[];
  /** What the model is writing, as far as it has got. */
  writing: string;
  isOver: boolean;
}

const nothing: RunEvents = { events: [], writing: '', isOver: false };

/** What happens in a run, from its beginning on, while it happens. */
export function useRunEvents(runId: string): RunEvents {
  const [state, setState] = useState(nothing);
  const seen = revision.value;
  useEffect(
    () =>
      follow<RunEvent>(`/runs/${encodeURIComponent(runId)}/events`, names, {
        begin: () => setState(nothing),
        hear(event) {
          // The server ends the stream here, and a browser would ask for it again.
          const isOver = last.has(event.event);
          setState((state) => after(state, event, isOver));
          return isOver;
        },
      }),
    [runId, seen],
  );
  return state;
}

function after({ events, writing }: RunEvents, event: RunEvent, isOver: boolean): RunEvents {
  return event.event === 'RunContent'
    ? { events, writing: writing + (event.content ?? ''), isOver }
    : { events: [...events, event], writing: '', isOver };
}
