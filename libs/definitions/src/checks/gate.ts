import type { PauseType } from '@countersign/contracts/calls';
import type { Path, Problem } from '../load/source.js';

interface Gate {
  approval: 'required' | 'audit' | 'none';
  requires?: PauseType | null | undefined;
  user_input: readonly string[];
}

/** What cannot go together in a gate, wherever it is declared. */
export function checkGate({ approval, requires, user_input }: Gate, path: Path): Problem[] {
  const problems: Problem[] = [];
  if (user_input.length > 0 && requires !== 'user_input') {
    const message = 'names what a person fills in, so say "requires: user_input", or leave it out';
    problems.push({ path: [...path, 'user_input'], message });
  }
  if (approval === 'audit' && requires === 'user_input') {
    const message =
      'a person has to fill in the fields, so it cannot be decided automatically: use "approval: required" or "none"';
    problems.push({ path: [...path, 'approval'], message });
  }
  return problems;
}
