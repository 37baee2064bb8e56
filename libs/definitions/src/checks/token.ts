import type { Path, Problem } from '../load/source.js';
import type { TokenEntry } from '../schema/token.js';
import { parseTemplate, placeholdersOf, type Placeholder } from '../templates/template.js';
import { checkTemplate } from './template.js';

/** What is wrong with a token that requests are sent with, beyond its shape. @param headers that are sent besides */
export function checkToken(token: TokenEntry, headers: Record<string, string>, path: Path): Problem[] {
  const another = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  const texts =
    'command' in token
      ? entriesOf(token.env, 'env')
      : [
          ...Object.entries({ ...token, parameters: undefined }).map(([name, text]) => [[name], text] as const),
          ...entriesOf(token.parameters, 'parameters'),
        ];
  const isOpen = !('command' in token) && !namesVariable(token.client_secret);
  return [
    ...(another ? [{ path, message: 'is sent as Authorization, which is among the headers already' }] : []),
    ...(isOpen
      ? [{ path: [...path, 'client_secret'], message: 'must be {{env.NAME}}: this file is no place for it' }]
      : []),
    ...texts.flatMap(([at, text]) =>
      text === undefined ? [] : checkTemplate(text, [...path, ...at], onlyEnvironment),
    ),
  ];
}

const entriesOf = (texts: Record<string, string>, field: string) =>
  Object.entries(texts).map(([name, text]) => [[field, name], text] as const);

export const onlyEnvironment = ({ scope, name }: Placeholder): string | undefined =>
  scope === 'env' ? undefined : `{{${scope}.${name}}} has no value here: only {{env.NAME}} does`;

function namesVariable(text: string): boolean {
  try {
    return placeholdersOf(parseTemplate(text)).some(({ scope }) => scope === 'env');
  } catch {
    // Which is a problem of its own.
    return true;
  }
}
