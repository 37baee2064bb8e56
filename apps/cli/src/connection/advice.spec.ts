import { expect, it } from 'vitest';
import { inCommands } from './advice.js';

it.each([
  ['There is no run "x". GET /runs lists them.', 'There is no run "x". countersign runs list lists them.'],
  ['There is no key "x". GET /auth/keys lists them.', 'There is no key "x". countersign keys list lists them.'],
  [
    'Too late. GET /approvals/a-1 shows where it stands.',
    'Too late. countersign approvals show a-1 shows where it stands.',
  ],
  ['Say "even_if_done": true.', 'Say --even-if-done.'],
  ['There is no agent "x". GET /agents lists them.', 'There is no agent "x". GET /agents lists them.'],
])('what a server advises is told as commands: %s', (detail, told) => {
  expect(inCommands(detail)).toBe(told);
});
