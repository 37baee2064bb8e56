/** Why a command over the bus is refused before it is looked at: codes beside those of problems. */
export const commandRefusals = {
  token_missing: 'The command has no token of `POST /auth/tokens`.',
  token_over: 'The token names no sender, or has expired.',
  token_of_another: 'The token is for another command, or was used for another message.',
  sender_changed: 'The key or login that the token was made with has ended, or its rights have changed.',
  sender_may_not: 'The sender lacks the scope for it.',
} as const;

export type CommandRefusal = keyof typeof commandRefusals;
