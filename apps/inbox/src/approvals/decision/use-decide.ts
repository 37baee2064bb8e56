import type { ApiError } from '@countersign/client';
import type { Approval, DecisionVerdict } from '@countersign/contracts/approvals';
import { useState } from 'preact/hooks';
import { client, problemOf } from '../../server/client.js';
import { announce } from '../../ui/page.js';
import { resolutionOf, whoDecided } from './decision.js';
import type { DraftForm } from './draft.js';

export interface Deciding {
  approval: Approval;
  reload(): Promise<void>;
  /** Says that a decision came too late. */
  late(text: string): void;
}

/** Sends the decision. One that is too late shows who was faster. */
export function useDecide({ approval, reload, late }: Deciding) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError>();
  const { id } = approval;

  const decide = async (verdict: DecisionVerdict, form: DraftForm, target?: string) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const resolved = await client.approvals.resolve(id, resolutionOf(approval, verdict, { ...form.draft, target }));
      announce(
        resolved.status === 'pending' ? 'Your decision is recorded; others are needed' : `Now ${resolved.status}`,
      );
      await reload();
    } catch (error) {
      const problem = problemOf(error);
      const isStale = problem.hint?.action === 'reload_approval';
      const fresh = isStale ? await client.approvals.get(id).catch(() => undefined) : undefined;
      if (fresh && fresh.status !== 'pending')
        late(`Your decision came too late and does not count. ${whoDecided(fresh)}`);
      else setProblem(problem);
      if (fresh) await reload();
    }
    setBusy(false);
  };
  return { busy, problem, decide };
}
