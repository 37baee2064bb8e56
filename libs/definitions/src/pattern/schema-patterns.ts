import { patternProblem } from './pattern.js';

export interface WrongPattern {
  /** Where it is in the schema. */
  path: (string | number)[];
  /** What is wrong with it, and what to write instead. */
  message: string;
}

/** Keywords of JSON Schema whose values are data, whatever they look like. */
const data = new Set(['const', 'default', 'enum', 'examples']);
/** Keywords whose fields are names that the schema's author chose. */
const named = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);

/** Formats that are checked without their pattern. */
const checked = new Set(['duration', 'email', 'hostname']);

/**
 * The schema without the patterns that take no linear time and only say once more what a format says: libraries write
 * both, such as zod for host names and durations.
 */
export function withoutNeedlessPatterns<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(withoutNeedlessPatterns) as T;
  const { pattern, format } = schema as Record<string, unknown>;
  const isNeedless =
    typeof pattern === 'string' &&
    typeof format === 'string' &&
    checked.has(format) &&
    problems(pattern, []).length > 0;
  const kept = Object.entries(schema).filter(([keyword]) => keyword !== 'pattern' || !isNeedless);
  return Object.fromEntries(
    kept.map(([keyword, value]) => [keyword, data.has(keyword) ? value : withoutNeedlessPatterns(value)]),
  ) as T;
}

/** The patterns of a JSON Schema that no text can be compared with in linear time. */
export function wrongPatterns(schema: unknown, path: (string | number)[] = []): WrongPattern[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((each, n) => wrongPatterns(each, [...path, n]));
  return Object.entries(schema).flatMap(([keyword, value]) => {
    const at = [...path, keyword];
    if (data.has(keyword)) return [];
    if (keyword === 'pattern' && typeof value === 'string') return problems(value, at);
    if (!named.has(keyword) || typeof value !== 'object' || value === null) return wrongPatterns(value, at);
    return Object.entries(value as object).flatMap(([name, each]) => [
      ...(keyword === 'patternProperties' ? problems(name, [...at, name]) : []),
      ...wrongPatterns(each, [...at, name]),
    ]);
  });
}

function problems(source: string, path: (string | number)[]): WrongPattern[] {
  const problem = patternProblem(source);
  return problem === undefined ? [] : [{ path, message: `is no pattern: ${problem}` }];
}
