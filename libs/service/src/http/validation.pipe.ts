import { ProblemError } from '@countersign/contracts/problems';
import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { refuseUnknownParameters } from './query-parameters.js';

class StrictQueries extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    if (metadata.type === 'query' && metadata.data === undefined) refuseUnknownParameters(metadata.schema, value);
    return super.transform(value, metadata);
  }
}

/** Checks every parameter that declares a schema; a refusal names each field that is wrong. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StrictQueries({
    exceptionFactory: (issues) => {
      const errors = issues.map(({ path = [], message }) => ({
        path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
        message,
      }));
      const named = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
      return new ProblemError('invalid_request', `The request does not fit: ${named}`, { errors });
    },
  });
