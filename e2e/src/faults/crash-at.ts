import { subscribe } from 'node:diagnostics_channel';

/**
 * Loaded before an app (`node --import`), ends it with `kill -9` at one exact point, once: `?at=` names a diagnostics
 * channel and the type of an event that is about to be stored, stored or published there.
 */
const [channel, type] = (new URL(import.meta.url).searchParams.get('at') ?? '').split(' ');

interface Diagnostic {
  events: readonly { type: string }[];
}

subscribe(channel!, (message) => {
  const { events } = message as Diagnostic;
  if (events.some((event) => event.type === type)) process.kill(process.pid, 'SIGKILL');
});
