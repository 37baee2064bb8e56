import type { EventName } from '@countersign/contracts';
import type { LoggedEvent } from '@countersign/contracts/event-log';
import { markedLine } from '@countersign/contracts/text';
import { atMillis, toEpochSeconds } from '@countersign/contracts/time';
import { useEffect, useState } from 'preact/hooks';
import { At } from '../clock.js';
import { navigate, query } from '../navigation.js';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { withQuery } from '@countersign/client';
import { revision } from '../server/connection.js';
import { follow } from '../server/follow.js';
import { useResource } from '../server/resource.js';
import { EnteredInput } from '../ui/entered-input.js';
import { Empty, Failure } from '../ui/notes.js';
import { Page } from '../ui/page.js';
import { Visible } from '../ui/visible.js';
import { eventTypes, newestFirst } from './events.js';

const shown = 200;

/** Every event of the system, the newest first, as it is published. */
export function EventLog() {
  const type = query.value.get('type') ?? '';
  const run_id = query.value.get('run_id') ?? '';
  const { data, problem, reload } = useResource(
    (signal) => client.events.list({ ...wantedOf(type, run_id), limit: shown }, signal),
    [type, run_id],
  );
  const fresh = useNewEvents(type, run_id);
  const events = newestFirst([...fresh, ...(data ?? [])]).slice(0, shown);
  const ask = (change: Record<string, string>) =>
    navigate(withQuery(addressOf('events'), { type, run_id, ...change }), { replace: true });
  return (
    <Page title="Events">
      <div class="toolbar">
        <label class="choice">
          Event
          <select value={type} onChange={(event) => ask({ type: event.currentTarget.value })}>
            <option value="">any</option>
            {eventTypes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="choice">
          Run
          <EnteredInput value={run_id} placeholder="any" enter={(text) => ask({ run_id: text })} />
        </label>
      </div>
      <Failure problem={problem} retry={() => void reload()} />
      {data && events.length === 0 && <Empty title="No events">New events appear here.</Empty>}
      <ol class="events">
        {events.map((event) => (
          <li key={event.id}>
            <details>
              <summary>
                <code>{event.type}</code>
                <span class="event-about">{aboutOf(event)}</span>
                <span class="muted">{event.source.replace('/countersign/', '')}</span>
                <At at={toEpochSeconds(atMillis(Date.parse(event.time)))} />
              </summary>
              <p class="muted">
                {event.subject}
                {event.run_id !== null && (
                  <>
                    , <a href={addressOf('runs', event.run_id)}>its run</a>
                  </>
                )}
              </p>
              <pre tabIndex={0}>
                <Visible text={JSON.stringify(event.data, null, 2)} />
              </pre>
            </details>
          </li>
        ))}
      </ol>
    </Page>
  );
}

/** What an event is about, as far as it says: the tool, the run, and who. */
function aboutOf({ data, run_id, subject }: LoggedEvent): string {
  const { tool_name, agent_id, by, resolved_by, user_id, ...other } = data as Record<string, unknown>;
  // Of what somebody does to get in, and of deputies, the people are all there is to say.
  const people = [other['subject'], other['delegator'], other['deputy'] && `deputy ${String(other['deputy'])}`];
  const isOfPeople = people.some((each) => typeof each === 'string');
  const who = isOfPeople ? people : [[by, resolved_by, user_id].find((each) => typeof each === 'string')];
  const what = tool_name ?? agent_id ?? (isOfPeople ? undefined : subject);
  const parts = [what, run_id && `run ${run_id.slice(0, 8)}`, ...who];
  return markedLine(parts.filter((each) => typeof each === 'string' && each !== '').join(' · '));
}

/** An empty text is no wish. */
const wantedOf = (type: string, run_id: string) => ({
  type: type === '' ? undefined : [type as EventName],
  run_id: run_id || undefined,
});

/** What is published while the page is open. */
function useNewEvents(type: string, run_id: string): readonly LoggedEvent[] {
  const [events, setEvents] = useState<readonly LoggedEvent[]>([]);
  const seen = revision.value;
  useEffect(
    () =>
      follow((options) => client.events.stream(wantedOf(type, run_id), options), {
        begin: () => setEvents([]),
        hear: (event) => setEvents((events) => [event, ...events].slice(0, shown)),
      }),
    [type, run_id, seen],
  );
  return events;
}
