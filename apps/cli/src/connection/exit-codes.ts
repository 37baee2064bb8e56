/** What the program ends with. Scripts rely on these: a number never changes its meaning. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  forbidden: 3,
  missing: 4,
  conflict: 5,
  unreachable: 6,
  cancelled: 7,
  waiting: 8,
  incomplete: 9,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0  done; a run that was followed completed
  1  failed; a run that was followed ended in an error
  2  wrong usage: an option, an argument or a value
  3  not signed in, or not allowed
  4  there is no such thing
  5  a conflict: someone else was faster, or it is too late
  6  the server cannot be reached, or is not ready
  7  the run that was followed was cancelled
  8  with --until-paused: the run waits for a person
  9  evidence holds and is not complete
  130  ended with Ctrl-C`;

/** An end that is not good, in a line or two that say what to do. */
export class Failure extends Error {
  constructor(
    readonly code: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The exit code for a status of the API. */
export function exitCodeOf(status: number): ExitCode {
  if (status < 400) return exitCodes.ok;
  if (status === 401 || status === 403) return exitCodes.forbidden;
  if (status === 404) return exitCodes.missing;
  if (status === 409) return exitCodes.conflict;
  if ([429, 502, 503, 504].includes(status)) return exitCodes.unreachable;
  return status < 500 ? exitCodes.usage : exitCodes.failed;
}
