import type { ApiError } from '@countersign/client';
import { exitCodeOf, exitCodes, Failure } from './exit-codes.js';
import { withCommand } from './hints.js';

/** What an error of the client means for whoever types commands. @param url of the server */
export function failureOf(cause: ApiError, url: string): Failure {
  const failure = (code: Failure['code'], message: string) => new Failure(code, message, { cause });
  const { status, code, detail } = cause;
  if (code === 'unreachable' && !URL.canParse(url))
    return failure(exitCodes.usage, `"${url}" is no URL. Say it as http://host:port.`);
  if (code === 'unreachable') return failure(exitCodes.unreachable, `${url} cannot be reached. ${isItRunning}`);
  if (code === 'timeout') return failure(exitCodes.unreachable, `${url} does not answer. ${isItRunning}`);
  if (code === 'connection_lost')
    return failure(exitCodes.unreachable, `${url} is gone, and did not come back. Follow it again once it runs.`);
  if (code === 'unexplained')
    return failure(exitCodeOf(status), `${url} answered ${status}. Is it Countersign? See --url.`);
  if (status === 0) return failure(exitCodes.failed, `${url}: ${detail}`);
  return failure(exitCodeOf(status), withCommand(detail, cause.hint));
}

const isItRunning = 'Is it running (npm start)? --url names another.';
