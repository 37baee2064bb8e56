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
  /** Without it the service goes on, and what needs it waits: it says so and stays ready. */
  degrades?: true;
}

const patienceMs = 2_000;

const Live = z.object({ status: z.literal('ok') });
const Ready = z.object({
  status: z.enum(['ok', 'degraded', 'unavailable']),
  checks: z.record(z.string(), z.string()),
});

@Injectable()
export class Readiness {
  readonly #checks: readonly ReadinessCheck[];

  constructor(checks: readonly ReadinessCheck[]) {
    this.#checks = checks;
  }

  /** Each check's outcome, `ok` or the reason, and what they come to. */
  async report(): Promise<z.infer<typeof Ready>> {
    const running = this.#checks.map(async ({ name, check, degrades }) => ({
      name,
      degrades,
      outcome: await outcomeOf(check),
    }));
    const outcomes = await Promise.all(running);
    const failed = outcomes.filter(({ outcome }) => outcome !== 'ok');
    const isReady = failed.every(({ degrades }) => degrades);
    return {
      status: failed.length === 0 ? 'ok' : isReady ? 'degraded' : 'unavailable',
      checks: Object.fromEntries(outcomes.map(({ name, outcome }) => [name, outcome])),
    };
  }
}

async function outcomeOf(check: () => Promise<void>): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, patienceMs, 'no answer').unref());
  const outcome = check().then(
    () => 'ok',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return Promise.race([outcome, late]);
}

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
  @Returns(
    200,
    Ready,
    'The bus is joined and the store can be reached. `degraded`: `checks` says what is away; what needs it waits.',
  )
  @Returns(503, Ready, 'Not yet, or not now; `checks` says why. The service retries with backoff.')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<z.infer<typeof Ready>> {
    const report = await this.readiness.report();
    void reply.status(report.status === 'unavailable' ? 503 : 200);
    return report;
  }
}
