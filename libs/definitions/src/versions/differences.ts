/** What differs at one place of two declarations; undefined: it is not there. */
export interface Difference {
  /** Such as `tools.deploy.approval`: what has an id or a name is named by it, and not by its place. */
  path: string;
  before: unknown;
  after: unknown;
}

/** What is otherwise in one of two declarations, as values and not as text. */
export function differencesBetween(before: unknown, after: unknown, path: readonly string[] = []): Difference[] {
  const [one, other] = [partsOf(before), partsOf(after)];
  if (!one || !other)
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path: path.join('.'), before, after }];
  const names = [...new Set([...one.keys(), ...other.keys()])];
  const found = names.flatMap((name) => differencesBetween(one.get(name), other.get(name), [...path, name]));
  const isMoved = found.length === 0 && Array.isArray(after) && names.join() !== [...other.keys()].join();
  return isMoved ? [{ path: `${path.join('.')} (order)`, before: [...one.keys()], after: [...other.keys()] }] : found;
}

/** Parts by name; undefined: it has none. */
function partsOf(value: unknown): Map<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const names = value.map((each) => nameOf(each));
  const areNamed = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  return areNamed ? new Map(value.map((each, n) => [names[n]!, each as unknown])) : undefined;
}

function nameOf(value: unknown): string | undefined {
  const { id, name } = Object(value) as { id?: unknown; name?: unknown };
  return typeof id === 'string' ? id : typeof name === 'string' ? name : undefined;
}
