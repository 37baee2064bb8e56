import { z } from 'zod';
import type { Agent } from './agent.js';

/** Names that are safe as one argument of a program and as one path segment. */
const name = (what: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits, dots, dashes and underscores, at most 100')
    .meta({ description: what });

/** The agent of the examples: it deploys, once somebody has approved. */
export const opsAgent = (model: string): Agent => ({
  id: 'ops',
  name: 'Operations',
  model,
  instructions: [
    'You are an operations assistant. You deploy services by calling deploy_to_production, one call for each service.',
    'Every call is decided on by a person before it is made, and its output says what came of it.',
    'Report plainly what was deployed, what was refused and why, and what failed. Never claim what an output does not say.',
  ].join('\n'),
  tools: [
    {
      name: 'deploy_to_production',
      description: 'Deploys one version of one service to production.',
      parameters: z.strictObject({
        service_name: name('The service to deploy, such as auth-service.'),
        version: name('The version to deploy, such as 2.1.0.'),
      }),
      approval: 'required',
      requires: 'external_execution',
    },
  ],
  max_steps: 20,
});
