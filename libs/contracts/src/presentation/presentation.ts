import { z } from 'zod';

/** How much a wrong approval may cost. `high`: decided alone, never together with others; `critical`: its target is typed. */
export const Risk = z.enum(['low', 'high', 'critical']);
export type Risk = z.infer<typeof Risk>;

export const EnvironmentColor = z.enum(['gray', 'blue', 'green', 'amber', 'red']);
export type EnvironmentColor = z.infer<typeof EnvironmentColor>;

/** What an argument is; without a declared format it is detected from the value. */
export const ArgumentFormat = z.enum(['shell', 'diff', 'sql', 'markdown', 'json', 'text']);
export type ArgumentFormat = z.infer<typeof ArgumentFormat>;

const KnownEnvironment = z.object({
  color: EnvironmentColor.default('gray'),
  risk: Risk.optional().meta({ description: 'Of calls on it, where it is more than that of the tool.' }),
});

/** How calls of a tool are shown to people. Whatever it says, all arguments are shown. */
export const Presentation = z.object({
  title: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .meta({ description: 'A line that tells calls apart, such as `Deploy {{service}} {{version}}`.' }),
  risk: Risk.default('low').meta({
    description: 'high: no two calls are approved together. critical: whoever approves types its target besides.',
  }),
  environment: z
    .object({
      argument: z.string().min(1).meta({ description: 'The argument that names where a call is made.' }),
      values: z.record(z.string(), KnownEnvironment).default({}).meta({
        description: 'By its exact value. Any other value counts as the riskiest of these.',
      }),
    })
    .nullable()
    .default(null),
  first: z.array(z.string()).max(20).default([]).meta({ description: 'The arguments that matter first, in order.' }),
  formats: z
    .record(z.string(), ArgumentFormat)
    .default({})
    .meta({ description: 'What arguments are, by their names.' }),
});
export type Presentation = z.infer<typeof Presentation>;
