export { CommandEntry } from './command/schema.js';
export { ExecuteEntry } from './execute.js';
export { type HttpPollEntry } from './http/schema.js';
export { type ExecuteKind, type ExecuteKindEntries, executeKinds } from './kinds.js';
export { type PreviewEntry, previewTimeout } from './preview.js';
export { ChangeWindow, TermsEntry } from './terms.js';
export { termsProblems } from './terms-problems.js';
