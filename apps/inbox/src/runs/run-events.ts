import { useEffect, useState } from 'preact/hooks';
import { revision } from '../server/connection.js';
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
  useEffect(() => {
    setState(nothing);
    const source = new EventSource(`/runs/${encodeURIComponent(runId)}/events`);
    const hear = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as RunEvent;
      const isOver = last.has(event.event);
      // The server ends the stream here, and a browser would ask for it again.
      if (isOver) source.close();
      setState((state) => after(state, event, isOver));
    };
    for (const name of names) source.addEventListener(name, hear);
    return () => source.close();
  }, [runId, seen]);
  return state;
}

function after({ events, writing }: RunEvents, event: RunEvent, isOver: boolean): RunEvents {
  return event.event === 'RunContent'
    ? { events, writing: writing + (event.content ?? ''), isOver }
    : { events: [...events, event], writing: '', isOver };
}
