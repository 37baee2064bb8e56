export { deepFreeze } from './deep-freeze.js';
export { goldenEvent } from './golden-event.js';
export {
  startModelServer,
  type ModelAnswer,
  type ModelRequest,
  type ModelServer,
  type RecordedRequest,
} from './model-server.js';
export { chatRefusalOf } from './provider/chat/chat-rules.js';
export { refusalOf } from './provider/request-rules.js';
export { openTemporaryDatabase } from './temporary-database.js';
export { describeTransitions } from './transition-table.js';
