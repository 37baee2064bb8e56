import { ConfigError } from '@countersign/contracts/problems';
import { describe, expect, it } from 'vitest';
import type { ApprovedCall } from '../adapters/adapter.js';
import { callWith } from '../../test/adapter.fixtures.js';
import { compileTemplate, fixedValue } from './template.js';

const scope = { env: { REGION: 'eu', EMPTY: '' } };
const expand = (text: string, tool_args: ApprovedCall['tool_args'] = {}) =>
  compileTemplate(text, scope)(callWith(tool_args));

describe('an argument of a program', () => {
  it.each([
    ['deploy', 'deploy'],
    ['', ''],
    ['--id={{execution.id}}', '--id=execution-1'],
    ['{{run.id}}/{{execution.id}}/{{execution.attempt}}', 'run-1/execution-1/1'],
    ['--target={{env.DIR:-/srv/deployments}}', '--target=/srv/deployments'],
    ['{{env.REGION:-us}}-{{env.EMPTY:-1}}', 'eu-1'],
    ['{{env.REGION}}-1{{env.EMPTY}}', 'eu-1'],
    ['{{arguments.a}} and {{arguments.a}}', 'x and x'],
  ])('is made of %j', (text, expanded) => {
    expect(expand(text, { a: 'x' })).toBe(expanded);
  });

  it.each([
    ['a b', 'a b'],
    ['', ''],
    ['$(id); `id` "\' \\ * --flag', '$(id); `id` "\' \\ * --flag'],
    ['{{env.REGION}} {{arguments.a}}', '{{env.REGION}} {{arguments.a}}'],
    ['$& $1 $$', '$& $1 $$'],
    [3, '3'],
    [-0.5, '-0.5'],
    [false, 'false'],
    [['a', 1], '["a",1]'],
    [{ b: { c: null } }, '{"b":{"c":null}}'],
  ])('has the value %j put in as it is', (a, text) => {
    expect(expand('{{arguments.a}}', { a })).toBe(text);
    expect(expand('--a={{arguments.a}}', { a })).toBe(`--a=${text}`);
  });

  it.each([{}, { a: null }, { b: 'x' }])('is left out when it would only pass on what %j lacks', (args) => {
    expect(expand('{{arguments.a}}', args)).toBeUndefined();
    expect(expand('--a={{arguments.a}}', args)).toBeUndefined();
    expect(expand('{{arguments.toString}}', args)).toBeUndefined();
  });

  it('is never half of what it was to be: then the call is not begun', () => {
    const half = () => expand('{{env.REGION}}/{{arguments.a}}');
    expect(half).toThrow('{{env.REGION}}/{{arguments.a}} cannot be filled in');
  });

  it('needs its environment from the start', () => {
    const compile = () => compileTemplate('{{env.TOKEN}}', scope);
    expect(compile).toThrow(ConfigError);
    expect(compile).toThrow('The environment variable TOKEN is not set');
  });
});

describe('a value that is the same for every call', () => {
  it('may come from the environment', () => {
    expect(fixedValue('{{env.REGION}}:{{env.DIR:-/srv}}', scope)).toBe('eu:/srv');
  });

  it.each(['{{arguments.a}}', '{{run.id}}', '{{execution.id}}'])('cannot be %s', (text) => {
    expect(() => fixedValue(text, scope)).toThrow(`${text} differs from call to call`);
  });
});
