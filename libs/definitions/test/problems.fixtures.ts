import { ConfigError } from '@countersign/contracts/problems';
import { expect } from 'vitest';
import { parseDefinitions } from '../src/load/read.js';

/** The problems of a file, one a line, without the head. */
export function problemsOf(text: string): string[] {
  try {
    parseDefinitions(text, '/project/countersign.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe(`/project/countersign.yaml has ${lines.length} problem(s):`);
    return lines.map((line) => line.trim().replace(/^countersign\.yaml:/, ''));
  }
}
