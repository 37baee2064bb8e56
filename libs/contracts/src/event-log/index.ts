export {
  DeadLetter,
  DeadLetterPage,
  DeadLetterStatus,
  DeadLetterSummary,
  EventList,
  FollowEventsQuery,
  ListDeadLettersQuery,
  ListEventsQuery,
  LoggedEvent,
  DeadLetterNoteRequest,
} from './http.js';
export { previews } from '../events/catalogue.js';
export { shownData } from '../events/shown-event.js';
