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
