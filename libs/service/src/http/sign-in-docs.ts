import { Me } from '@countersign/contracts/auth';
import { SignInController } from '@countersign/auth';
import { Returns } from './openapi.js';

/** What the routes of the authentication answer, for the OpenAPI document; their library knows nothing of it. */
const says = (name: keyof SignInController & string, ...answer: Parameters<typeof Returns>) =>
  Returns(...answer)(
    SignInController.prototype,
    name,
    Object.getOwnPropertyDescriptor(SignInController.prototype, name)!,
  );

says(
  'signIn',
  200,
  Me,
  'The cookie of the session is set. Requests with it that change something need `x-csrf-token`.',
);
says('followLink', 303, undefined, 'The link was good; the cookie of the session is set, and the inbox is next.');
says('signOut', 204, undefined, 'The session has ended.');
says('me', 200, Me, 'Who is asking, and what that allows.');
