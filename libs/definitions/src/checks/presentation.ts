import { argumentsInTitle, hasOtherBraces, type Presentation } from '@countersign/contracts/presentation';
import type { Path, Problem } from '../load/source.js';
import { declaresArgument, type Parametric } from './template.js';

/**
 * What is wrong with how a tool's calls are shown.
 *
 * @param tool undefined where only a server knows its parameters.
 */
export function checkPresentation(
  { title, environment, first, formats }: Presentation,
  path: Path,
  tool: Parametric | undefined,
): Problem[] {
  const unknown = (name: string, where: Path): Problem[] =>
    tool === undefined || declaresArgument(tool, name)
      ? []
      : [
          {
            path: [...path, ...where],
            message: `"${name}" is no argument of this tool: declare it under parameters.properties`,
          },
        ];
  return [
    ...(title !== null && hasOtherBraces(title) ? [{ path: [...path, 'title'], message: braces }] : []),
    ...argumentsInTitle(title ?? '').flatMap((name) => unknown(name, ['title'])),
    ...(environment ? unknown(environment.argument, ['environment', 'argument']) : []),
    ...first.flatMap((name, n) => unknown(name, ['first', n])),
    ...Object.keys(formats).flatMap((name) => unknown(name, ['formats', name])),
  ];
}

const braces = 'has braces that are no placeholder: an argument stands in it as {{name}}';
