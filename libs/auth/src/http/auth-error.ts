import { HttpException } from '@nestjs/common';

/** A refusal. `detail` is for whoever asked: what is missing, and what to do about it. */
export class AuthError extends HttpException {
  override name = 'AuthError';

  constructor(
    status: 401 | 403 | 429 | 503,
    readonly detail: string,
    options: { cause?: unknown } = {},
  ) {
    super(detail, status, options);
  }
}
