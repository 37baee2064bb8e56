import type { RunEvent } from '@countersign/contracts/runs';
import { useEffect, useState } from 'preact/hooks';
import { applyProgress, type CallUpdate, type LiveProgress } from '../executions/live-progress.js';
import { revision } from '../server/connection.js';
import { client } from '../server/client.js';
import { follow } from '../server/follow.js';

const last = new Set<string>(['RunCompleted', 'RunCancelled', 'RunError']);

/** What calls say while the executor makes them. */
export interface LiveCalls {
  /** Whether it comes by itself now. What went before that is stored. */
  isLive: boolean;
  /** Live progress since then, by execution. */
  progress: Readonly<Record<string, LiveProgress>>;
}

/** The attempts seen live, which identify a new one. */
export const attemptsIn = ({ progress }: LiveCalls): string =>
  Object.entries(progress)
    .map(([id, { attempt }]) => `${id} ${attempt}`)
    .join();

export interface RunEvents {
  events: readonly RunEvent[];
  /** What the model is writing, as far as it has got. */
  writing: string;
  calls: LiveCalls;
  isOver: boolean;
}

const nothing: RunEvents = { events: [], writing: '', calls: { isLive: false, progress: {} }, isOver: false };

/** What happens in a run, from its beginning on, while it happens. @param runId null for none. */
export function useRunEvents(runId: string | null): RunEvents {
  const [state, setState] = useState(nothing);
  const seen = revision.value;
  useEffect(
    () =>
      runId === null
        ? undefined
        : follow((options) => client.runs.events(runId, options), {
            begin: () => setState(nothing),
            live: (isLive) => setState((state) => ({ ...state, calls: { isLive, progress: {} } })),
            hear({ data: event }) {
              const isOver = last.has(event.event);
              setState((state) => after(state, event, isOver));
              return isOver;
            },
          }),
    [runId, seen],
  );
  return state;
}

function after(state: RunEvents, event: RunEvent, isOver: boolean): RunEvents {
  if (event.event === 'ToolCallProgress') return { ...state, calls: afterUpdate(state.calls, event) };
  return event.event === 'RunContent'
    ? { ...state, writing: state.writing + (event.content ?? '') }
    : { ...state, events: [...state.events, event], writing: '', isOver };
}

const afterUpdate = ({ isLive, progress }: LiveCalls, update: CallUpdate): LiveCalls => ({
  isLive,
  progress: { ...progress, [update.execution_id]: applyProgress(progress[update.execution_id], update) },
});
