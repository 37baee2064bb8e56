import type { Log } from '@countersign/contracts';
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';

/** JSON lines on standard error, so that standard output is for people. */
export const createLog = (level: string): Log =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));

/** What Nest says about itself: only what went wrong. */
export const nestLogger = (log: Log): LoggerService => ({
  log: () => {},
  warn: (message: unknown) => log.warn({ from: 'nest' }, String(message)),
  error: (message: unknown) => log.error({ from: 'nest', err: message }, 'nest'),
});
