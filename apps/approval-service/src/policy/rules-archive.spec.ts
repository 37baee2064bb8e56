import { canonicalJson } from '@countersign/contracts/json';
import { TerminalError } from '@countersign/contracts/problems';
import { atMillis } from '@countersign/contracts/time';
import { hash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { definitionsWith } from '../../test/definitions.fixtures.js';
import { decideRules, RulesArchive } from './rules-archive.js';
import { PolicyEvaluator } from './policy-evaluator.js';

const { rules } = new PolicyEvaluator(definitionsWith());
const message = { type: 'in_force', version: rules.version, rules: { ...rules.set } } as const;

describe('the rules in force', () => {
  it('are published once, and decisions name their digest', () => {
    const first = decideRules(undefined, message, atMillis(1_000));
    expect(first).toMatchObject({
      kind: 'changed',
      state: { id: rules.version },
      events: [{ type: 'config.rules_declared', data: { version: rules.version } }],
    });
    const { events, state } = first as Extract<typeof first, { kind: 'changed' }>;
    const told = JSON.parse(JSON.stringify(events[0]!.data)) as { rules: unknown };
    expect(hash('sha256', canonicalJson(told.rules)).slice(0, 32)).toBe(rules.version);
    expect(decideRules(state, message, atMillis(2_000))).toMatchObject({ kind: 'ignored' });
  });

  it('are stored once by a process, and what cannot be published keeps nothing from going on', async () => {
    const error = vi.fn();
    const execute = vi.fn(async () => ({ kind: 'ignored', reason: '' }) as never);
    const kept = new RulesArchive({ execute }, { error });
    await kept.keep(rules);
    await kept.keep(rules);
    expect(execute).toHaveBeenCalledTimes(1);
    execute.mockRejectedValueOnce(new TerminalError('not_publishable', 'too large'));
    await kept.keep({ ...rules, version: 'other' });
    expect(error).toHaveBeenCalledTimes(1);
  });
});
