import { ConfigError } from '@countersign/contracts/problems';
import { describe, expect, it } from 'vitest';
import { withEnvironment } from '../schema/environment.js';
import { parseTemplate, placeholdersOf } from './template.js';

describe('a text with placeholders', () => {
  it('is taken apart into what it says itself and what is put in', () => {
    const parts = parseTemplate('--id={{execution.id}}-{{ arguments.service-name }}!');
    expect(parts).toEqual([
      '--id=',
      { scope: 'execution', name: 'id' },
      '-',
      { scope: 'arguments', name: 'service-name' },
      '!',
    ]);
    expect(placeholdersOf(parts)).toHaveLength(2);
  });

  it.each([
    ['{{arguments.a}}', { scope: 'arguments', name: 'a' }],
    ['{{run.id}}', { scope: 'run', name: 'id' }],
    ['{{execution.attempt}}', { scope: 'execution', name: 'attempt' }],
    ['{{response./run/id}}', { scope: 'response', name: '/run/id' }],
    ['{{env.HOME}}', { scope: 'env', name: 'HOME' }],
    ['{{env.HOME:-/home/me}}', { scope: 'env', name: 'HOME', fallback: '/home/me' }],
    ['{{ env.HOME:-at home: {a} }}', { scope: 'env', name: 'HOME', fallback: 'at home: {a}' }],
    ['{{env.HOME:-}}', { scope: 'env', name: 'HOME', fallback: '' }],
  ])('may be %s alone', (text, placeholder) => {
    expect(parseTemplate(text)).toEqual([placeholder]);
  });

  it.each(['', 'plain', '{a}', 'a }} b', '$HOME %d `x`'])('may have none: %j', (text) => {
    expect(parseTemplate(text).join('')).toBe(text);
  });

  it.each([
    '{{}}',
    '{{a}}',
    '{{run.status}}',
    '{{run.attempt}}',
    '{{response.id}}',
    '{{settings.deploy_target_dir}}',
    '{{env.A:B}}',
    '{{run.id:-x}}',
    '{{env.A:-{{env.B}}}}',
    '{{env.}}',
    '{{env.A B}}',
    '{{env.A',
    '{{ {{env.A}}',
  ])('cannot have %j', (text) => {
    expect(() => parseTemplate(`before ${text}`)).toThrow(/is not known: .* are placeholders$/);
  });
});

describe('a value that may come from the environment', () => {
  it('has variables replaced, once', () => {
    expect(withEnvironment('Bearer {{env.TOKEN}}', { TOKEN: '{{env.OTHER}}' })).toBe('Bearer {{env.OTHER}}');
    expect(withEnvironment('{{env.EMPTY}}', { EMPTY: '' })).toBe('');
  });

  it('has a default, where it says so, for one that is unset or empty', () => {
    expect(withEnvironment('{{env.A:-x}} {{env.B:-y}} {{env.C:-}}', { A: 'a', B: '' })).toBe('a y ');
  });

  it('cannot do without one, and says which', () => {
    expect(() => withEnvironment('{{env.TOKEN}}', {})).toThrow(ConfigError);
    expect(() => withEnvironment('{{env.TOKEN}}', {})).toThrow('The environment variable TOKEN is not set');
  });

  it('has nothing else put in', () => {
    expect(() => withEnvironment('{{run.id}}', {})).toThrow('{{run.id}} has no value here');
  });
});
