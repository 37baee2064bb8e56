import type { Event, Log } from '@countersign/contracts';
import { ProblemError } from '@countersign/contracts/problems';
import { after, atMillis, millisOf, type EpochMillis, type Seconds } from '@countersign/contracts/time';
import type { RetentionPolicy } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import {
  Catch,
  Module,
  StandardSchemaValidationPipe,
  type ArgumentsHost,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { openAuth, type Auth } from '../src/auth.js';
import { authSettings } from '../src/settings.js';

/** A clock that stands still until it is moved. */
export class Clock {
  time = atMillis(Date.parse('2026-09-01T09:30:00Z'));
  readonly now = (): EpochMillis => this.time;
  pass(seconds: Seconds): void {
    this.time = after(this.time, millisOf(seconds));
  }
}

/** How many records go when it is time. */
export async function removed({ ttlMs = NaN, purgeBefore }: RetentionPolicy, { now }: Clock): Promise<number> {
  let count = 0;
  for await (const some of purgeBefore(after(now(), -ttlMs))) count += some;
  return count;
}

/** Everything that was logged, as text. */
export function listeningLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { log: { info: write, warn: write, error: write }, lines };
}

export interface App extends Auth {
  app: NestFastifyApplication;
  clock: Clock;
  lines: string[];
  /** What was told of who came and who was turned away. */
  told: Event[];
  /** The same records, as another process sees them. */
  another(): Auth;
  close(): Promise<void>;
}

@Module({})
class Root {}

/** As libs/service answers. */
@Catch(ProblemError)
class Problems implements ExceptionFilter<ProblemError> {
  catch({ status, problem }: ProblemError, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().status(status).send(problem);
  }
}

/** A small application with the guard on it, on records of its own. */
export async function openApp(controllers: Type[], environment: Record<string, string> = {}): Promise<App> {
  const { database, close } = openTemporaryDatabase();
  const { log, lines } = listeningLog();
  const clock = new Clock();
  const settings = z.object(authSettings).parse(environment);
  const told: Event[] = [];
  const push = (events: readonly Event[]) => void told.push(...events);
  const publisher = {
    service: 'approval-service',
    push,
    publish: async (events: readonly Event[]) => push(events),
  } as const;
  const open = () => openAuth({ settings, database, log, now: clock.now, publisher });
  const auth = open();
  const root = { module: Root, imports: [auth.module], controllers };
  const app = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new Problems());
  app.useGlobalPipes(new StandardSchemaValidationPipe());
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return {
    ...auth,
    app,
    clock,
    lines,
    told,
    another: open,
    async close() {
      await app.close();
      close();
    },
  };
}

export const bearer = (credentials: string) => ({ authorization: `Bearer ${credentials}` });

/** The value of the session cookie that an answer sets. */
export const cookieIn = (header: string | string[] | number | undefined): string =>
  /^countersign_session=([^;]*)/.exec(String(header))?.[1] ?? '';
