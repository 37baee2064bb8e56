import { RetryableError, type Log, type Problem } from '@countersign/contracts';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { STATUS_CODES } from 'node:http';

/** An answer that is an error, in the words of RFC 9457. `detail` says what to do. */
export class ProblemError extends HttpException {
  constructor(
    status: number,
    readonly detail: string,
    readonly errors?: Problem['errors'],
    /** Stable, for programs; see `Problem.code`. */
    readonly code?: string,
  ) {
    super(detail, status);
  }
}

/** Turns whatever was thrown into problem details; what the client did not cause is logged and not told. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.#problemOf(error);
    if (problem.status >= 500)
      this.log.error({ err: error, method: request.method, path: pathOf(request) }, 'request failed');
    if (problem.status === 503) void reply.header('retry-after', '2');
    send(reply, problem, pathOf(request));
  }

  #problemOf(error: unknown): Problem {
    if (error instanceof ProblemError) return problem(error.getStatus(), error.detail, error.errors, error.code);
    if (error instanceof HttpException) return problem(error.getStatus(), error.message);
    if (error instanceof RetryableError)
      return problem(503, 'The database or the event log is out of reach. Try again in a moment.');
    const status = statusOf(error);
    if (status !== undefined) return problem(status, (error as Error).message);
    return problem(500, 'Something went wrong here, not with the request. It has been logged; try again later.');
  }
}

/** Fastify refuses a path that nobody can read before there is a route, and thus a filter. */
export function answerBadUrl(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  send(reply, problem(statusOf(error) ?? 400, error.message), pathOf(request));
}

function send(reply: FastifyReply, problem: Problem, instance: string): void {
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ ...problem, instance }));
}

/** Without the query, in which there may be a secret. */
const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0]!;

/** Fastify's own errors (a body that is too large, or not JSON) carry the status to answer. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

const problem = (status: number, detail: string, errors?: Problem['errors'], code?: string): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail,
  ...(code !== undefined && { code }),
  ...(errors && { errors }),
});
