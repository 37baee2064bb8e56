import { ProblemError } from '@countersign/contracts/problems';

/** A schema of an object, whose fields have names. */
interface WithShape {
  shape: Readonly<Record<string, unknown>>;
}

/**
 * A parameter that no one reads would be passed over in silence, and a list answer with everything.
 *
 * @throws ProblemError unknown_parameter, with the name that was probably meant
 */
export function refuseUnknownParameters(schema: unknown, query: unknown): void {
  if (!hasShape(schema) || typeof query !== 'object' || query === null) return;
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(query).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const errors = unknown.map((path) => ({ path, message: `is no parameter here${suggestion(path, known)}` }));
  const named = errors.map(({ path, message }) => `"${path}" ${message}`).join('; ');
  throw new ProblemError('unknown_parameter', `The query does not fit: ${named}.`, { errors });
}

const hasShape = (schema: unknown): schema is WithShape => typeof Object(schema).shape === 'object';

function suggestion(name: string, known: readonly string[]): string {
  const [closest] = known
    .map((each) => ({ each, distance: distance(name.toLowerCase(), each) }))
    .filter(({ each, distance: far }) => far <= Math.max(1, Math.floor(each.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return closest ? `, did you mean "${closest.each}"?` : known.length > 0 ? `; there are ${known.join(', ')}` : '';
}

/** How many characters are to be changed, added, left out or swapped with the next one. */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > to.length) return Infinity;
  const rows = [Array.from({ length: to.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
