import type { PossiblyExecuted } from './possibly-executed.js';

const reasons: Record<PossiblyExecuted['code'], string> = {
  recovering: 'The store was restored, and its recovery is not finished',
  set_back: 'The run began before the store was restored, or so long ago that records of then are removed',
};

/** Why a call may have been made already, for people. */
export const possiblyExecutedText = ({ code }: PossiblyExecuted): string =>
  `${reasons[code]}, so this call may have been made already. Look at its target before you approve.`;
