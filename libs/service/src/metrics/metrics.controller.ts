import { RequireScopes } from '@countersign/auth';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { z } from 'zod';
import { expositionType, Metrics } from './metrics.js';
import { Returns } from '../http/openapi.js';

@Controller('metrics')
export class MetricsController {
  constructor(@Inject(Metrics) private readonly metrics: Metrics) {}

  @Get()
  @RequireScopes('metrics:read')
  @Header('content-type', expositionType)
  @Returns(200, z.string(), 'What this process has counted since it began, for Prometheus.', 'text/plain')
  read(): Promise<string> {
    return this.metrics.exposition();
  }
}
