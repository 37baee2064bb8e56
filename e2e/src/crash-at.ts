import { subscribe } from 'node:diagnostics_channel';

/**
 * Loaded before an app (`node --import`), ends it with `kill -9` at one exact point, once: `CRASH_AT` names a diagnostics
 * channel and the type of an event that is about to be stored, stored or published there.
 */
const [channel, type] = (process.env['CRASH_AT'] ?? '').split(' ');

interface Diagnostic {
  events: readonly { type: string }[];
}

subscribe(channel!, (message) => {
  const { events } = message as Diagnostic;
  if (events.some((event) => event.type === type)) process.kill(process.pid, 'SIGKILL');
});
