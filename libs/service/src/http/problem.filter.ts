import { authenticationOf, type RefusedAttempts } from '@countersign/auth';
import type { Log } from '@countersign/contracts';
import {
  problemOf,
  ProblemError,
  RetryableError,
  TerminalError,
  type DeadLetterCode,
  type Problem,
  type ProblemCode,
} from '@countersign/contracts/problems';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Turns whatever was thrown into problem details; what the client did not cause is logged and not disclosed. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly attempts: Pick<RefusedAttempts, 'add'>,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = this.#problemOf(error);
    const { code } = problem as { code: ProblemCode };
    if (attempts.has(code)) this.attempts.add({ code, who: authenticationOf(request)?.principal, request });
    if (problem.status >= 500)
      this.log.error({ err: error, method: request.method, path: pathOf(request) }, 'request failed');
    if ((problem.status === 503 || problem.status === 429) && !reply.hasHeader('retry-after'))
      void reply.header('retry-after', '2');
    send(reply, problem, pathOf(request));
  }

  #problemOf(error: unknown): Problem {
    if (error instanceof ProblemError) return error.problem;
    if (error instanceof RetryableError)
      return problemOf('unavailable', 'The database or the event log is out of reach. Try again in a moment.');
    if (error instanceof TerminalError && neverFits.has(error.code))
      return problemOf('too_large', `This can never be stored and published: ${error.message}.`);
    const status = statusOf(error);
    if (status !== undefined) return problemOf(codeOf(status), (error as Error).message);
    const detail = 'Something went wrong here, not with the request. It has been logged; try again later.';
    return problemOf('internal_error', detail);
  }
}

/** Answers that are published as `access.refused`. Wrong credentials and decisions are published where they are refused. */
const attempts: ReadonlySet<ProblemCode> = new Set([
  'missing_scope',
  'other_origin',
  'csrf_token_missing',
  'reserved_subject',
  'not_signed_by_slack',
  'caller_not_declared',
  'approval_required',
]);

/** What would come of the request, not what the request is. */
const neverFits: ReadonlySet<DeadLetterCode> = new Set(['not_publishable', 'not_storable']);

/** Fastify refuses a malformed path before there is a route, and thus a filter. */
export function answerBadUrl(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  send(reply, problemOf(codeOf(statusOf(error) ?? 400), error.message), pathOf(request));
}

function send(reply: FastifyReply, problem: Problem, instance: string): void {
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ ...problem, instance }));
}

/** Without the query, in which there may be a secret. */
const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0]!;

/** Errors of Fastify and Nest (a body that is too large, a route that there is not) carry the status to answer. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusIn(error);
  return status !== undefined && status >= 400 && status < 500 ? status : undefined;
}

function statusIn(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

const frameworkCodes: Partial<Record<number, ProblemCode>> = {
  404: 'route_not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
};

/** What frameworks refuse otherwise is a request that they cannot read. */
const codeOf = (status: number): ProblemCode => frameworkCodes[status] ?? 'bad_request';
