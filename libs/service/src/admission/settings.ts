import { z } from 'zod';

const count = (preset: number) => z.coerce.number().int().min(1).max(1_000_000).default(preset);
const seconds = (preset: number) => z.coerce.number().min(0.1).max(3_600).default(preset).brand<'Seconds'>();

/** Limits per requester, and per unauthenticated address. */
export const admissionSettings = {
  HTTP_CONNECTIONS: count(5_000).meta({
    description:
      'Connections open at once, and three quarters of the file descriptors that the process may have at most; more are closed.',
    unit: 'connections',
    example: '20000',
  }),
  HTTP_CONNECTIONS_PER_ADDRESS: count(1_000).meta({
    description: 'Connections of one address open at once. Behind a proxy all clients have its address.',
    unit: 'connections',
    example: '20000',
  }),
  HTTP_REQUESTS_PER_PRINCIPAL: count(500).meta({
    description:
      'Requests in progress at once, event streams included, of one subject, or of one address without credentials; more get 429.',
    unit: 'requests',
    example: '100',
  }),
  HTTP_HEADERS_SECONDS: seconds(10).meta({
    description: 'How long a client may take to send the headers of a request.',
    unit: 'seconds',
    example: '5',
  }),
  HTTP_BODY_SECONDS: seconds(30).meta({
    description: 'How long a client may take to send a whole request.',
    unit: 'seconds',
    example: '60',
  }),
  HTTP_KEEP_ALIVE_SECONDS: seconds(72).meta({
    description: 'How long an idle connection is kept open. Longer than the idle timeout of a proxy in front.',
    unit: 'seconds',
    example: '125',
  }),
};
export type AdmissionSettings = z.infer<z.ZodObject<typeof admissionSettings>>;
