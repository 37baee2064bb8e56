import { describe, expect, it } from 'vitest';
import { parseDefinitions } from './read.js';
import { toolDefinitionOf } from './tool-of-file.js';
import { annotationsOf } from '../schema/tool-annotations.js';
import { areRequested, changesSince, digestOf, toolVersion } from './tool-version.js';

const given = (change: (text: string) => string = (text) => text, path = '/etc/countersign.yaml') => {
  const text = `
tools:
  - name: deploy
    description: Deploys.
    parameters: { type: object, properties: { service: { type: string } } }
    approval: required
    execute: { attempts: 2, command: { program: ./deploy, args: ['{{arguments.service}}'], timeout: 60 } }
`;
  return toolDefinitionOf(parseDefinitions(change(text), path).tools[0]!);
};
const version = toolVersion(given());

describe('the version of a tool', () => {
  it.each([
    ['its parameters', 'type: string', 'type: string, pattern: ^a$'],
    ['how it is gated', 'approval: required', 'approval: audit'],
    ['what is done', './deploy', './destroy'],
  ])('says that %s changed', (part, before, after) => {
    expect(
      changesSince(
        version,
        given((text) => text.replace(before, after)),
      ),
    ).toEqual([part]);
  });

  it('says that a server says something else of its tool, but to versions of before, which nothing was decided by', () => {
    const tool = (said?: object) => ({ ...given(), ...(said && { annotations: annotationsOf('s', said) }) });
    const harmless = toolVersion(tool({ destructiveHint: false }));
    expect(changesSince(harmless, tool({ destructiveHint: false, title: 'T' }))).toEqual([]);
    expect(changesSince(harmless, tool({}))).toEqual(['what its server says of it']);
    expect(changesSince(version, tool({}))).toEqual([]);
    expect(harmless.length).toBeLessThanOrEqual(200);
    expect(areRequested(harmless, annotationsOf('s', { destructiveHint: false }))).toBe(true);
    expect(areRequested(harmless, annotationsOf('s'))).toBe(false);
    expect(areRequested(version, annotationsOf('s'))).toBe(false);
  });

  it.each([
    ['Deploys.', 'Deploys a service.'],
    ['attempts: 2', 'attempts: 5'],
    ['timeout: 60', 'timeout: 90'],
    ['attempts: 2', 'semantics: idempotent, retry: { delay: 5s, max_delay: 90s }'],
  ])('is the same with what means nothing to a call: %s', (before, after) => {
    expect(toolVersion(given((text) => text.replace(before, after)))).toBe(version);
  });

  it.each([
    ['promise: idempotent', 'semantics: idempotent'],
    ['retry_after: 5s, retry_after_at_most: 90s', 'retry: { delay: 5s, max_delay: 90s }'],
  ])('is the same under the former names of terms: %s', (former, current) => {
    const [one, other] = [former, current].map((terms) => given((text) => text.replace('attempts: 2', terms)));
    expect(toolVersion(one!)).toBe(toolVersion(other!));
    expect(digestOf(one)).toBe(digestOf(other));
  });

  it('is the same wherever the file is', () => {
    expect(toolVersion(given(undefined, '/srv/other/countersign.yaml'))).toBe(version);
  });
});
