import { readDefinitions, type Definitions } from '@countersign/definitions';
import { policySetOf } from '@countersign/definitions/policy';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rulesOf, type Rules } from '../src/policy/rules.js';

/** A file that declares these groups and rules. */
export function definitionsWith(content: object = {}): Definitions {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-rules-'));
  try {
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, JSON.stringify(content));
    return readDefinitions(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const known = { ops: ['bob', 'carol'], leads: 'from_token' };

/** Rules that are in force, with groups to name. */
export const rulesWith = (rules: object[], other: object = { require: {} }, groups: object = known): Rules =>
  rulesOf(policySetOf(definitionsWith({ groups, policies: { rules, default: other } })));
