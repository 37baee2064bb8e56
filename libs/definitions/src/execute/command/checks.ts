import { checkTemplate, declaresArgument, passesOn, type Parametric } from '../../checks/template.js';
import type { CommandEntry } from './schema.js';
import type { Path, Problem } from '../../load/source.js';
import { written } from '../../templates/template.js';

/** What is wrong with a program that makes calls. */
export function checkCommand(command: CommandEntry, tool: Parametric, path: Path): Problem[] {
  const { allow_leading_dash, env, retry_on_exit_codes, status, unknown_on_exit_codes } = command;
  const inEnv = Object.entries(env).flatMap(([variable, text]) =>
    checkTemplate(text, [...path, 'env', variable], (placeholder) =>
      placeholder.scope === 'env' ? undefined : `${written(placeholder)} differs from call to call: pass it in args`,
    ),
  );
  const twice = unknown_on_exit_codes.flatMap((code, n) => {
    if (!retry_on_exit_codes.includes(code)) return [];
    const message = `${code} is under retry_on_exit_codes too: it cannot mean both`;
    return [{ path: [...path, 'unknown_on_exit_codes', n], message }];
  });
  const undeclared = allow_leading_dash.flatMap((name, n) => {
    if (declaresArgument(tool, name)) return [];
    const message = `"${name}" is no argument of this tool: declare it under parameters.properties`;
    return [{ path: [...path, 'allow_leading_dash', n], message }];
  });
  return [
    ...checkProgram(command, tool, path),
    ...undeclared,
    ...inEnv,
    ...twice,
    ...(status ? checkProgram(status, tool, [...path, 'status']) : []),
  ];
}

function checkProgram({ program, args }: Pick<CommandEntry, 'program' | 'args'>, tool: Parametric, path: Path) {
  const message = 'can have no placeholders: what a call runs is always the same';
  const objection = passesOn(tool, 'execution', 'run', 'approval', 'env');
  return [
    ...(program.includes('{{') ? [{ path: [...path, 'program'], message }] : []),
    ...args.flatMap((text, n) => checkTemplate(text, [...path, 'args', n], objection)),
    ...args.flatMap((text, n) => {
      if (!/^--?\{\{\s*arguments\./.test(text) || args.slice(0, n).includes('--')) return [];
      const message = 'would let a call say which option it is: name the option, as in --name={{arguments.name}}';
      return [{ path: [...path, 'args', n], message }];
    }),
  ];
}
