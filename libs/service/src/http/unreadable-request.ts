import { problemOf, type ProblemCode } from '@countersign/contracts/problems';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds that the rest of what was sent is taken and dropped, so that its sender gets to read why. */
const lingerMs = 1_000;

const codes: Record<string, [ProblemCode, string]> = {
  HPE_HEADER_OVERFLOW: ['head_too_large', 'The address and the headers have more than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_too_slow', 'The request did not arrive in time.'],
};

/**
 * Answers what is no request that Node's HTTP parser can read, for which there is neither a route nor a filter. The
 * connection ends with it, and says so: who kept it would send the next request to a socket that is gone.
 */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [code, detail] = codes[error.code ?? ''] ?? ['bad_request', 'This is no request of HTTP/1.1.'];
  const problem = problemOf(code, detail);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
