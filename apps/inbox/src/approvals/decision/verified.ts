import type { Approval } from '@countersign/contracts/approvals';
import { exactText } from '@countersign/contracts/calls';
import { useEffect, useState } from 'preact/hooks';

/** Whether the digest of an approval is that of the current call as shown; null where it cannot be computed. */
export async function isOfShownCall(approval: Approval): Promise<boolean | null> {
  // Browsers compute digests on secure pages only.
  if (!globalThis.crypto?.subtle) return null;
  const { user_id: requester, policy, approved_args, preview } = approval;
  const preview_digest = preview?.digest;
  const tool_args = approved_args ?? approval.tool_args;
  const text = exactText({
    ...approval,
    tool_args,
    preview_digest,
    requester,
    policy_version: policy?.version ?? null,
  });
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return approval.digest === `sha256:${hex}`;
}

/** The same, once it is known. */
export function useVerified(approval: Approval): boolean | null {
  const [verified, setVerified] = useState<boolean | null>(null);
  useEffect(() => {
    let isCurrent = true;
    void isOfShownCall(approval).then((answer) => isCurrent && setVerified(answer));
    return () => void (isCurrent = false);
  }, [approval]);
  return verified;
}
