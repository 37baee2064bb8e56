import { z } from 'zod';

const count = (preset: number) => z.coerce.number().int().min(1).max(1_000_000).default(preset);
const seconds = (preset: number) => z.coerce.number().min(0.1).max(3_600).default(preset);

/** What one requester, or somebody whom nobody knows, may take of a server. */
export const admissionSettings = {
  HTTP_CONNECTIONS: count(5_000).meta({ description: 'Connections that are open at once; more are closed.' }),
  HTTP_CONNECTIONS_PER_ADDRESS: count(1_000).meta({
    description: 'The same of one address. Behind a proxy all have its address.',
  }),
  HTTP_REQUESTS_PER_PRINCIPAL: count(500).meta({
    description:
      'Requests of one subject under way at once, event streams included; of one address without credentials.',
  }),
  HTTP_HEADERS_SECONDS: seconds(10).meta({ description: 'How long a client may take to send the head of a request.' }),
  HTTP_BODY_SECONDS: seconds(30).meta({ description: 'How long for all of a request.' }),
  HTTP_KEEP_ALIVE_SECONDS: seconds(72).meta({ description: 'How long a connection may wait for its next request.' }),
};
export type AdmissionSettings = z.infer<z.ZodObject<typeof admissionSettings>>;
