import type { ServiceContext } from '../runtime/service.js';

/** Signs of an attack, for an operator to look into. */
export interface Alarms {
  /** `not_authentic`: no valid signature. `refused`: validly signed, but it must not be acted on. */
  refused(what: 'decision' | 'result' | 'request' | 'run_end', kind: 'not_authentic' | 'refused', about: Refused): void;
}

/** What it was, as far as that is known. */
export interface Refused {
  run_id?: string;
  approval_id?: string;
  tool_name?: string;
  reason: string;
}

/** Raises alarms in the log and in the metrics. */
export function openAlarms({ log, metrics }: Pick<ServiceContext, 'log' | 'metrics'>): Alarms {
  const refusals = metrics.counter({
    name: 'countersign_refused_total',
    help: 'Decisions, results, requests and ends of runs (run_end) that were not acted on: not_authentic (no valid signature), or refused.',
    labels: ['what', 'kind'],
  });
  return {
    refused(what, kind, about) {
      refusals.add({ what, kind });
      log.error({ ...about, kind }, `a ${what.replace('_', ' ')} was refused and not acted on`);
    },
  };
}
