import type { Approval } from '@countersign/contracts/approvals';
import type { PresentableCall } from '@countersign/contracts/presentation';

/** The call of an approval as it stands. @param tool_args others that would run in its place */
export const callOf = (
  {
    tool_name,
    tool_args,
    approved_args,
    presentation,
  }: Pick<Approval, 'tool_name' | 'tool_args' | 'approved_args' | 'presentation'>,
  other?: Record<string, unknown>,
): PresentableCall => ({ tool_name, tool_args: other ?? approved_args ?? tool_args, presentation });
