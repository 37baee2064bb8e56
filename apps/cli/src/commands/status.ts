import type { Screen } from '../terminal/screen.js';

type Style = Parameters<Screen['paint']>[0];

const styles: Record<string, Style> = {
  pending: 'yellow',
  approved: 'green',
  rejected: 'red',
  expired: 'dim',
  cancelled: 'dim',
  queued: 'yellow',
  running: 'blue',
  awaiting_report: 'yellow',
  reconciling: 'yellow',
  succeeded: 'green',
  failed: 'red',
  outcome_unknown: 'magenta',
  open: 'yellow',
  replayed: 'green',
  discarded: 'dim',
  PENDING: 'yellow',
  RUNNING: 'blue',
  PAUSED: 'yellow',
  COMPLETED: 'green',
  CANCELLED: 'dim',
  ERROR: 'red',
};

/** How a status looks, whatever it is the status of. */
export const statusStyle = ({ status }: { status: string }): Style => styles[status] ?? 'bold';
