import type { Approval } from '@countersign/contracts/approvals';
import { exactText } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { useEffect, useState } from 'preact/hooks';

/**
 * Whether the digest of an approval is that of the current call as shown, and of its preview as shown; null where it cannot
 * be computed.
 */
export async function isOfShownCall(approval: Approval): Promise<boolean | null> {
  if (!canCompute()) return null;
  const { user_id: requester, policy, preview } = approval;
  const preview_digest = preview?.digest;
  const call = { ...approval, tool_args: currentArgs(approval), preview_digest };
  const text = exactText({ ...call, requester, policy_version: policy?.version ?? null });
  const isTied =
    preview?.output == null ||
    preview.digest === (await digestOf(canonicalJson({ call: preview.call, output: preview.output })));
  return isTied && approval.digest === (await digestOf(text));
}

/** Whether the preview of an approval is of these arguments; null where that cannot be computed. */
export async function isPreviewOf(approval: Approval, tool_args = currentArgs(approval)): Promise<boolean | null> {
  if (!canCompute()) return null;
  const { run_id, tool_call_id, tool_name, salt, preview } = approval;
  return preview?.call === (await digestOf(exactText({ run_id, tool_call_id, tool_name, tool_args, salt })));
}

const currentArgs = ({ approved_args, tool_args }: Approval) => approved_args ?? tool_args;

/** Browsers compute digests on secure pages only. */
const canCompute = (): boolean => globalThis.crypto?.subtle !== undefined;

async function digestOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256:${[...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The same, once it is known; of arguments that were written on since it is not. */
export function usePreviewOf(approval: Approval, args: Approval['tool_args']): boolean | null {
  const [known, setKnown] = useState<{ of: string; answer: boolean | null }>();
  const of = canonicalJson([args, approval.preview?.call ?? null]);
  useEffect(() => {
    void isPreviewOf(approval, args).then((answer) => setKnown({ of, answer }));
  }, [of]);
  return known?.of === of ? known.answer : null;
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
