import { ProblemError } from '@countersign/contracts/problems';
import { StandardSchemaValidationPipe } from '@nestjs/common';

/** Checks every parameter that declares a schema; a refusal names each field that is wrong. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues) => {
      const errors = issues.map(({ path = [], message }) => ({
        path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message,
      }));
      const named = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
      return new ProblemError('invalid_request', `The request does not fit: ${named}`, { errors });
    },
  });
