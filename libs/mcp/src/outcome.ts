/** What came of a call. */
export type McpOutcome =
  /** `isError`: the server says that it failed. */
  | { type: 'answered'; text: string; isError: boolean }
  /** It certainly did not arrive: nothing was done. */
  | { type: 'not_sent'; reason: string }
  /** The server would not have it. */
  | { type: 'refused'; reason: string }
  /** It was sent, and nobody knows what came of it. */
  | { type: 'unknown'; reason: string };
