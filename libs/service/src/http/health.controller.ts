import { Public } from '@countersign/auth';
import { Controller, Get, Inject, Injectable, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Returns } from './openapi.js';

/** One thing that must work for the service to be ready. */
export interface ReadinessCheck {
  name: string;
  /** Throws the reason why not. */
  check(): Promise<void>;
}

const patience = 2_000;

@Injectable()
export class Readiness {
  readonly #checks: readonly ReadinessCheck[];

  constructor(checks: readonly ReadinessCheck[]) {
    this.#checks = checks;
  }

  /** Each check's outcome, `ok` or the reason. */
  async report(): Promise<Record<string, string>> {
    const outcomes = this.#checks.map(async ({ name, check }) => [name, await outcomeOf(check)] as const);
    return Object.fromEntries(await Promise.all(outcomes));
  }
}

async function outcomeOf(check: () => Promise<void>): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, patience, 'no answer').unref());
  const outcome = check().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return Promise.race([outcome, late]);
}

const Live = z.object({ status: z.literal('ok') });
const Ready = z.object({ status: z.enum(['ok', 'unavailable']), checks: z.record(z.string(), z.string()) });

@Public()
@Controller('health')
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('live')
  @Returns(200, Live, 'The process runs.')
  live(): z.infer<typeof Live> {
    return { status: 'ok' };
  }

  @Get('ready')
  @Returns(200, Ready, 'The bus is joined and the store can be reached.')
  @Returns(503, Ready, 'Not yet, or not now; `checks` says why. The service waits and goes on by itself.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<z.infer<typeof Ready>> {
    const checks = await this.readiness.report();
    const isReady = Object.values(checks).every((outcome) => outcome === 'ok');
    void reply.status(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'unavailable', checks };
  }
}
