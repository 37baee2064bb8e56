import type { Approval, Verdict } from '@countersign/contracts';
import { useState } from 'preact/hooks';
import { change, read, ServerProblem, wordsOf } from '../../server/request.js';
import { announce } from '../../ui/page.js';
import { resolutionOf, whoDecided } from './decision.js';
import type { DraftForm } from './draft.js';

export interface Deciding {
  approval: Approval;
  reload(): Promise<void>;
  /** Says that a decision came too late. */
  late(text: string): void;
}

/** Sends the decision. Whoever comes too late is told who was faster. */
export function useDecide({ approval, reload, late }: Deciding) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ServerProblem>();
  const path = `/approvals/${encodeURIComponent(approval.id)}`;

  const decide = async (verdict: Verdict, form: DraftForm) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const resolved = await change<Approval>('POST', `${path}/resolve`, resolutionOf(approval, verdict, form.draft));
      announce(
        resolved.status === 'pending' ? 'Your decision is recorded; others are needed' : `Now ${resolved.status}`,
      );
      await reload();
    } catch (error) {
      const problem = error instanceof ServerProblem ? error : new ServerProblem(0, wordsOf(error));
      const fresh = problem.status === 409 ? await read<Approval>(path).catch(() => undefined) : undefined;
      if (fresh && fresh.status !== 'pending')
        late(`Your decision came too late and does not count. ${whoDecided(fresh)}`);
      else setProblem(problem);
      if (fresh) await reload();
    }
    setBusy(false);
  };
  return { busy, problem, decide };
}
