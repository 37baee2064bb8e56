import { z } from 'zod';
import { Duration } from './duration.js';

const withEnvironment = 'May contain {{env.NAME}}.';

const PrintedToken = z.strictObject({
  command: z
    .string({
      error: ({ input }) => (input === undefined ? 'is missing: a token has a command or an endpoint' : undefined),
    })
    .min(1)
    .meta({ description: 'The program that prints the token and nothing else.' }),
  args: z.array(z.string()).default([]),
  env: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({ description: `Its environment besides PATH and HOME. ${withEnvironment}` }),
  keep: Duration.default(300).meta({
    description: 'How long a token is used before the program runs again; it also does after a 401.',
  }),
});

const ClientCredentialsToken = z.strictObject({
  endpoint: z
    .string()
    .min(1)
    .meta({
      description: `Where tokens are asked for by the client credentials of OAuth 2.0: https, unless it is on this machine. ${withEnvironment}`,
    }),
  client_id: z.string().min(1).meta({ description: withEnvironment }),
  client_secret: z.string().min(1).meta({ description: 'By {{env.NAME}}.' }),
  scope: z
    .string()
    .min(1)
    .optional()
    .meta({ description: `Unset: what the provider gives. ${withEnvironment}` }),
  parameters: z
    .record(z.string().min(1), z.string())
    .default({})
    .meta({ description: `Further parameters of the token request, such as audience. ${withEnvironment}` }),
});

/** Where the token comes from that is sent as `Authorization: Bearer`: `'command' in token` tells the two kinds apart. */
export const TokenEntry = z.union([PrintedToken, ClientCredentialsToken]).meta({
  description: 'A token that is sent as Authorization: Bearer, and replaced when it is over or refused.',
});
export type TokenEntry = z.infer<typeof TokenEntry>;
