/** A line of a unified diff. `meta`: file names and the like; `other`: what no hunk accounts for. */
export interface DiffLine {
  kind: 'added' | 'removed' | 'context' | 'hunk' | 'meta' | 'other';
  text: string;
}

const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const meta =
  /^(diff |index |--- |\+\+\+ |old mode |new mode |new file mode |deleted file mode |rename |similarity |copy )/;

/** Whether a text has the shape of a unified diff: hunks that say how long they are, and are. */
export function isDiff(text: string): boolean {
  if (!/^@@ -\d+/m.test(text)) return false;
  const lines = diffLines(text.split('\n'));
  return lines.some(({ kind }) => kind === 'hunk') && lines.every(({ kind }) => kind !== 'other');
}

/** Each line of a text as one of a diff, whatever it is. A hunk ends where its head says, so nothing else is in its colours. */
export function diffLines(lines: readonly string[]): DiffLine[] {
  let [before, after] = [0, 0];
  return lines.map((text, n): DiffLine => {
    const head = hunk.exec(text);
    if (head && before === 0 && after === 0) {
      [before, after] = [Number(head[1] ?? 1), Number(head[2] ?? 1)];
      return { kind: 'hunk', text };
    }
    if (before > 0 || after > 0) {
      const kind = kindIn(text);
      if (kind === 'removed' || kind === 'context') before--;
      if (kind === 'added' || kind === 'context') after--;
      if (kind !== 'other' && before >= 0 && after >= 0) return { kind, text };
      if (kind !== 'meta') [before, after] = [0, 0];
      return { kind: kind === 'meta' ? 'meta' : 'other', text };
    }
    if (meta.test(text) || text.startsWith('\\ ') || (text === '' && n === lines.length - 1))
      return { kind: 'meta', text };
    return { kind: 'other', text };
  });
}

function kindIn(text: string): DiffLine['kind'] {
  if (text.startsWith('+')) return 'added';
  if (text.startsWith('-')) return 'removed';
  if (text.startsWith('\\ ')) return 'meta';
  return text.startsWith(' ') || text === '' ? 'context' : 'other';
}
