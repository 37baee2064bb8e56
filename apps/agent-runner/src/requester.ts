import type { Principal } from '@countersign/auth';

/** People start runs for themselves. An administrator, or a platform with such a key, says for whom, if for anybody. */
export const userFor = (who: Principal, asked: string | undefined): string | null =>
  who.roles.includes('admin') ? (asked ?? null) : who.subject;
