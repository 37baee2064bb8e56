import type { Principal } from '@countersign/auth';
import type { Run } from '@countersign/contracts';

/** People start runs for themselves. An administrator, or a platform with such a key, says for whom, if for anybody. */
export const userFor = (who: Principal, asked: string | undefined): string | null =>
  who.roles.includes('admin') ? (asked ?? null) : who.subject;

/** Who may change a run, besides administrators. */
export const ownersOf = ({ user_id, requested_by }: Pick<Run, 'user_id' | 'requested_by'>) => [user_id, requested_by];
