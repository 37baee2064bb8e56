import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HealthController, Readiness, type ReadinessCheck } from './health.controller.js';

@Module({})
class Root {}

describe('the health of a process', () => {
  let problem: Error | undefined = new Error('has not joined its consumer group yet');
  const checks: ReadinessCheck[] = [
    { name: 'store', check: async () => undefined },
    {
      name: 'log',
      async check() {
        if (problem) throw problem;
      },
    },
  ];
  let app: NestFastifyApplication;
  beforeAll(async () => {
    const providers = [{ provide: Readiness, useValue: new Readiness(checks) }];
    const root = { module: Root, controllers: [HealthController], providers };
    app = await NestFactory.create<NestFastifyApplication>(root, new FastifyAdapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());
  const ask = async (path: string) => {
    const response = await fetch(`${await app.getUrl()}/health/${path}`);
    return { status: response.status, body: await response.json() };
  };

  it('is not ready while anything is missing, says what, and lives all the same', async () => {
    const reason = { store: 'ok', log: 'has not joined its consumer group yet' };
    expect(await ask('ready')).toEqual({ status: 503, body: { status: 'unavailable', checks: reason } });
    expect(await ask('live')).toEqual({ status: 200, body: { status: 'ok' } });
  });

  it('is ready by itself once nothing is', async () => {
    problem = undefined;
    expect(await ask('ready')).toEqual({ status: 200, body: { status: 'ok', checks: { store: 'ok', log: 'ok' } } });
  });

  it('is ready without what it can go on without, and says that it is away', async () => {
    const away = async () => Promise.reject(new Error('given: out of reach'));
    const report = new Readiness([checks[0]!, { name: 'MCP servers', degrades: true, check: away }]).report();
    const reason = { store: 'ok', 'MCP servers': 'given: out of reach' };
    expect(await report).toEqual({ status: 'degraded', checks: reason });
  });

  it('takes no answer within two seconds for a no', async () => {
    vi.useFakeTimers();
    const report = new Readiness([{ name: 'log', check: () => new Promise(() => {}) }]).report();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await report).toEqual({ status: 'unavailable', checks: { log: 'no answer' } });
    vi.useRealTimers();
  });
});
