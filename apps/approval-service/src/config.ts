import { portSetting, serviceSettings } from '@countersign/service';
import { signingSettings } from '@countersign/signing';
import { z } from 'zod';

export const approvalServiceSettings = {
  ...signingSettings,
  APPROVAL_EXPIRES_SECONDS: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .meta({ description: 'How long a decision may take. Unset: for as long as it takes.' }),
};

export const ApprovalServiceConfig = z.object({
  ...serviceSettings,
  ...approvalServiceSettings,
  PORT: portSetting(4002),
});
export type ApprovalServiceConfig = z.infer<typeof ApprovalServiceConfig>;
