/** Which rows of a long list are near enough to what is seen to be drawn: from the first to before the last. */
export function rowsInView(
  count: number,
  { rowHeight, top, height, spare = 8 }: { rowHeight: number; top: number; height: number; spare?: number },
): [first: number, end: number] {
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const end = Math.ceil((top + height) / rowHeight) + spare;
  return [Math.min(first, count), Math.min(end, count)];
}
