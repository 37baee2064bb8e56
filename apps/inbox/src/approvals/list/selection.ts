import type { Approval } from '@countersign/contracts/approvals';
import { useEffect, useState } from 'preact/hooks';
import { may } from '../../server/session.js';

/** The selection to decide on together: each one by itself, never all at once. */
export interface Selection {
  ids: ReadonlySet<string>;
  approvals: Approval[];
  /** Absent for whoever may not decide. */
  toggle: ((id: string) => void) | undefined;
  clear(): void;
}

/** @param listed what can be chosen; what is decided meanwhile is no longer chosen. */
export function useSelection(listed: ReadonlyMap<string, Approval>): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const isPending = (id: string) => listed.get(id)?.status === 'pending';
  useEffect(() => {
    const left = [...ids].filter(isPending);
    if (left.length < ids.size) setIds(new Set(left));
  }, [listed]);
  const toggle = (id: string) => {
    if (isPending(id))
      setIds((ids) => (ids.has(id) ? new Set([...ids].filter((each) => each !== id)) : new Set([...ids, id])));
  };
  return {
    ids,
    approvals: [...ids].flatMap((id) => listed.get(id) ?? []),
    toggle: may('approvals:write') ? toggle : undefined,
    clear: () => setIds(new Set()),
  };
}
