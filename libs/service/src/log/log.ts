import type { Log } from '@countersign/contracts';
import { RetryableError } from '@countersign/contracts/problems';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream } from 'pino';

/** JSON lines on standard error, so that standard output is for people. */
export const createLog = (
  level: string,
  /** Added to each line, such as what names a span under way. */
  more: () => object = () => ({}),
  to: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: serialized }, mixin: more },
    to,
  );

/** What Nest says about itself: only what went wrong. */
export const nestLogger = (log: Log): LoggerService => ({
  log: () => {},
  warn: (message: unknown) => log.warn({ from: 'nest' }, String(message)),
  error: (message: unknown) => log.error({ from: 'nest', err: message }, 'nest'),
});

/**
 * An error in the log. A stack trace says where a bug is. That a server is away, or not ready yet, is no bug: of such an
 * error type, message and code are logged, and those of its causes.
 */
function serialized(error: Error): object {
  if (!(error instanceof Error)) return error;
  const chain = [...causesOf(error)];
  if (!chain.some(isOfOutage)) return pino.stdSerializers.err(error);
  const [{ type, message, code }, ...causes] = chain.map(plain) as [ReturnType<typeof plain>];
  return { type, message, ...(code !== undefined && { code }), ...(causes.length > 0 && { causes }) };
}

function* causesOf(error: Error): Generator<Error> {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 10; each = each.cause, depth++)
    yield each;
}

const plain = (error: Error) => ({
  type: error.name,
  message: error.message,
  code: (error as { code?: string | number }).code,
});

/** Of the clients of Kafka and MongoDB, of a connection, or marked as retryable. */
const isOfOutage = (error: Error): boolean =>
  error instanceof RetryableError ||
  'syscall' in error ||
  /^(KafkaJS|Mongo)/.test(error.name) ||
  ('code' in error && String(error.code).startsWith('PLT_KFK_'));
