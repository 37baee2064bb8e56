import type { ServiceContext } from '@countersign/service';

/** What somebody should look at, because somebody else may be up to something. */
export interface Alarms {
  /** `not_authentic`: it is nobody's decision. `refused`: it is one, and must not be acted on. */
  decisionRefused(kind: 'not_authentic' | 'refused', about: RefusedDecision): void;
}

interface RefusedDecision {
  approval_id: string;
  tool_name: string;
  reason: string;
}

/** Raises alarms in the log and in the metrics. */
export const openAlarms = ({ log }: ServiceContext): Alarms => ({
  decisionRefused(kind, about) {
    log.error({ ...about, kind }, 'a decision is refused, and the call is not made');
  },
});
