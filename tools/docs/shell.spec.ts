import { expect, it } from 'vitest';
import { commandsIn } from './shell.js';

it.each([
  ['npm start        # a comment', [['npm', 'start']]],
  ['a b\nc | d && e; f &', [['a', 'b'], ['c'], ['d'], ['e'], ['f']]],
  [`curl $URL/runs --json '{"a": "b c"}' -H "$KEY"`, [['curl', '$URL/runs', '--json', '{"a": "b c"}', '-H', '$KEY']]],
  ['A=1 B="two words" run it', [['run', 'it']]],
  ['A=1', []],
  ['answer=$(countersign run @a --follow)', [['countersign', 'run', '@a', '--follow']]],
  [
    'source <(countersign completion bash)',
    [
      ['countersign', 'completion', 'bash'],
      ['source', '$SUBSTITUTED'],
    ],
  ],
  ['one \\\n  two > file', [['one', 'two']]],
  ['KEY="bearer $(cat .key)" x#y', [['cat', '.key'], ['x#y']]],
  ["say it\\'s", [['say', "it's"]]],
])('finds the commands of %j', (text, commands) => {
  expect(commandsIn(text)).toEqual(commands);
});

it('refuses a quote without an end', () => {
  expect(() => commandsIn("curl 'here")).toThrow("a ' has no end");
});
