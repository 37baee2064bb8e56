import { RequireScopes } from '@countersign/auth';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { expositionTypes, Metrics, type ExpositionType } from './metrics.js';
import { Returns } from '../http/openapi.js';

@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @RequireScopes('metrics:read')
  @Returns(200, z.string(), 'What this process has counted since it began, for Prometheus.', 'text/plain')
  read(@Req() { headers }: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    // Scrapers that can read both name the other one first.
    const isOpen = headers.accept?.includes('application/openmetrics-text');
    const type: ExpositionType = isOpen ? 'application/openmetrics-text' : 'text/plain';
    void reply.header('content-type', expositionTypes[type]);
    return this.metrics.exposition(type);
  }
}
