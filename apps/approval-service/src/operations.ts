import { countRecords, openCommandHandler, type ServiceContext } from '@countersign/service';
import { deadLetterCollection, decideDeadLetter } from './dead-letters/dead-letter.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { DeadLetters } from './dead-letters/dead-letters.js';
import { ReplayGuard, type ReplayGuardOptions } from './dead-letters/replay-guard.js';
import { EventLogController } from './event-log/event-log.controller.js';
import { EventLog } from './event-log/event-log.js';
import type { Gates } from './gates/gates.js';
import type { Feature } from './feature.js';

/** Shows people what happens in all services: the latest events, and the messages that could not be handled. */
export function openOperations(
  context: ServiceContext,
  guards: ReplayGuardOptions & { gates: Pick<Gates, 'hidden'> },
): Feature {
  const { bus, metrics, stopping } = context;
  const { commandHandler, relay } = openCommandHandler(context, {
    service: 'approval-service',
    collection: deadLetterCollection,
    decide: decideDeadLetter,
  });
  countRecords(metrics, commandHandler.store, {
    name: 'countersign_dead_letter_records',
    help: 'Open dead letters: messages that no service could handle.',
    statuses: ['open'],
  });
  const letters = new DeadLetters(commandHandler, bus, new ReplayGuard(guards));
  const events = new EventLog(stopping, guards.gates.hidden);
  return {
    controllers: [DeadLettersController, EventLogController],
    providers: [
      { provide: DeadLetters, useValue: letters },
      { provide: EventLog, useValue: events },
    ],
    retention: [letters.retention],
    checks: [{ name: 'event-log', check: () => events.check() }],
    tail: () => events.tail(bus),
    begin() {
      relay.start();
      letters.start();
    },
    async stop() {
      await Promise.all([letters.stop(), events.stop()]);
      await relay.stop();
    },
  };
}
