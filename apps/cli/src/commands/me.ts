import { z } from 'zod';

/** Who asks, as the server knows them. */
export const Me = z.object({
  subject: z.string(),
  display_name: z.string(),
  roles: z.array(z.string()),
  scopes: z.array(z.string()),
});
export type Me = z.infer<typeof Me>;
