export { ApiKeyView, CommandToken, CreatedApiKey, Me, Role, Scope, SignInRequest } from './http.js';
export { InvalidSubject, Subject, canonicalSubject, foldedText, isSameSubject } from './subject.js';
