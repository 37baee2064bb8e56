import { hintActionNames } from '@countersign/contracts/problems';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../program.js';
import { withCommand } from './hints.js';

describe('what a server says there is to do', () => {
  it.each([
    ['list_runs', null, 'It is not there. → countersign runs list'],
    ['reload_approval', 'a-1', 'It is not there. → countersign approvals show a-1'],
    ['retry_later', null, 'It is not there.'],
    ['an_action_of_later', 'x', 'It is not there.'],
    ['toString', 'x', 'It is not there.'],
  ])('is a command where there is one: %s', (action, id, said) => {
    expect(withCommand('It is not there.', { action, id })).toBe(said);
  });

  it.each(hintActionNames)('is a command that there is: %s', (action) => {
    const said = withCommand('', { action, id: 'x' });
    const [, ...words] = said.replace(' → ', '').split(' ');
    const environment = { env: {}, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    let { program: command } = commandLine(() => async () => {}, environment);
    for (const word of said === '' ? [] : words) {
      const inner = command.commands.find((each) => each.name() === word);
      if (!inner) break;
      command = inner;
    }
    expect(command.commands.length > 0 && said !== '').toBe(false);
    for (const option of words.filter((word) => word.startsWith('--')))
      expect(command.options.map(({ long }) => long)).toContain(option);
  });
});
