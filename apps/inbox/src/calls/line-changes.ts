import type { DiffLine } from '@countersign/contracts/presentation';

/** More lines than that are not compared one by one: all are taken for changed. */
const mostCompared = 2_000;
/** Unchanged lines that are shown around a change. */
const around = 3;

/** What an edit of a text of several lines changes: removed, added, and the lines around them. */
export function lineChanges(before: string, after: string): DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const all = compared(old, now);
  const isNear = all.map((_, n) =>
    all.slice(Math.max(0, n - around), n + around + 1).some(({ kind }) => kind !== 'context'),
  );
  return all.flatMap((line, n): DiffLine[] => {
    if (isNear[n]) return [line];
    return n > 0 && !isNear[n - 1] ? [] : [{ kind: 'hunk', text: '⋯' }];
  });
}

function compared(old: readonly string[], now: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text: `-${text}` });
  const added = (text: string): DiffLine => ({ kind: 'added', text: `+${text}` });
  if (old.length + now.length > mostCompared) return [...old.map(removed), ...now.map(added)];
  // Lengths of the longest common subsequences of what is left of both.
  const left = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      left[i]![j] = old[i] === now[j] ? left[i + 1]![j + 1]! + 1 : Math.max(left[i + 1]![j]!, left[i]![j + 1]!);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && old[i] === now[j] && j < now.length) {
      lines.push({ kind: 'context', text: ` ${old[i]}` });
      i++;
      j++;
    } else if (i < old.length && (j === now.length || left[i + 1]![j]! >= left[i]![j + 1]!))
      lines.push(removed(old[i++]!));
    else lines.push(added(now[j++]!));
  }
  return lines;
}
