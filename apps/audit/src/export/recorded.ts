/** An entry, as far as other systems want it apart. */
export interface Recorded {
  index: number;
  leaf_hash: string;
  recorded_at: number;
  /** To the byte, what the hash is of. */
  leaf: string;
  id: string;
  source: string;
  type: string;
  time: string;
  key: string;
  authid?: string;
  data: Record<string, unknown>;
}

/** A text of the data, where it has one. */
export function textIn(data: Record<string, unknown>, name: string): string | undefined {
  const value = data[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** When it happened, by its sender; of what says no time, when it was recorded. */
export function millisIn({ time, recorded_at }: Pick<Recorded, 'time' | 'recorded_at'>): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? recorded_at : at;
}

const alarming = new Set(['approval.glass_broken', 'audit.unreadable_message', 'tool.execution_outcome_unknown']);

/** How much it matters to whoever is on watch. */
export function concernOf({ type, data }: Pick<Recorded, 'type' | 'data'>): 'none' | 'low' | 'medium' | 'high' {
  if (alarming.has(type)) return 'high';
  if (type === 'access.refused') return Number(data['times']) > 10 ? 'high' : 'medium';
  if (type === 'tool.execution_intervened' || type === 'approval.rejudged') return 'medium';
  return /(_refused|[._]failed|\.grant_created|^access\.key_|^tool\.(paused|resumed)|^config\.)/.test(type)
    ? 'low'
    : 'none';
}

export const isFailure = (type: string): boolean => /([._]refused|[._]failed|_unknown|unreadable_message)$/.test(type);
