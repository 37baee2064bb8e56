import type { ProblemCode } from './catalogue.js';
import type { CommandRefusal } from './command-refusals.js';

/** Why a message can never be handled: codes beside those of problems and of refused commands. */
export const messageRefusals = {
  no_value: 'It has no value.',
  invalid_envelope: 'It is no CloudEvent of a version that is read.',
  unsupported_encoding: 'Its value is no JSON but Avro, Protobuf or the like.',
  unknown_event_type: 'No event has the name of its topic.',
  wrong_event_type: "It names another event than its topic's.",
  invalid_data: "Its data does not fit the event's schema.",
  not_handled_here: 'The service has no handler for the event.',
  not_authentic: 'It is not signed, or by a key that is not known, or says something else than what was signed.',
  decision_refused: 'The decision is authentic, and must not be acted on all the same.',
  arguments_changed: 'The arguments are not those that were approved.',
  run_id_reserved: 'The id of the run has the form of ids that the server makes.',
  run_id_taken: 'There is a run with this id already, of another request.',
  wrong_run_state: 'The run is in a state in which this cannot be done.',
  not_storable: 'The database can never store it, or what would come of it.',
  not_publishable: 'The log can never take it, such as for its size.',
  invalid_dead_letter: 'It does not say which message it was.',
} as const;

/** The code of a dead letter. It never changes its meaning. */
export type DeadLetterCode = keyof typeof messageRefusals | CommandRefusal | ProblemCode;
