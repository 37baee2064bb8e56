export { ApiKeyView, CommandToken, CreatedApiKey, Me, Role, Scope, SignInRequest } from './http.js';
export { InvalidSubject, canonicalSubject, foldedText } from './spelling.js';
export { Subject, isSameSubject } from './subject.js';
