const compiled = new Map<string, RegExp>();

/** The pattern of a rule, compiled once. @throws SyntaxError when it is none. */
export function patternOf(source: string): RegExp {
  let pattern = compiled.get(source);
  if (!pattern) compiled.set(source, (pattern = new RegExp(source, 'u')));
  return pattern;
}
