import { plainRequireTerms } from '@countersign/contracts/approvals';
import { atSeconds } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { parseDefinitions } from '../../load/read.js';
import { backtest } from './backtest.js';
import { policySetOf } from '../evaluate.js';
import { explain } from './explain.js';

const definitions = parseDefinitions(
  `
policies:
  rules:
    - name: two for production
      when: { tool: [deploy], arguments: { environment: { equals: production } } }
      then: { require: { approvers: [{ anyone: true, count: 2 }] } }
    - name: staging
      when: { arguments: { environment: { equals: staging } } }
      then: { approve: true }
    - name: nothing by guests
      when: { requester: [guest] }
      then: { reject: No. }
`,
  '/project/countersign.yaml',
);
const past = (environment: string, outcome: 'require' | 'approve' | 'reject' = 'require') => ({
  id: `${environment} ${outcome}`,
  agent_id: 'ops',
  tool_name: 'deploy',
  tool_args: { environment },
  user_id: 'ana',
  requested_by: 'ana',
  policy: { version: 'v', rule: null, outcome, saw: [] },
  terms: { ...plainRequireTerms },
  annotations: null,
  created_at: atSeconds(1),
});

describe('rules that are tried on what has been', () => {
  it('name the calls that they would have decided otherwise, and whether they ask for less', () => {
    const all = [past('production'), past('staging'), past('test'), past('staging', 'approve'), past('test', 'reject')];
    expect(backtest(definitions, all)).toEqual({
      total: 5,
      otherwise: [
        {
          id: 'production require',
          then: { outcome: 'require', rule: null, approvals: 1 },
          now: { outcome: 'require', rule: 'two for production', approvals: 2 },
          isLaxer: false,
        },
        {
          id: 'staging require',
          then: { outcome: 'require', rule: null, approvals: 1 },
          now: { outcome: 'approve', rule: 'staging', approvals: null },
          isLaxer: true,
        },
        {
          id: 'test reject',
          then: { outcome: 'reject', rule: null, approvals: null },
          now: { outcome: 'require', rule: null, approvals: 1 },
          isLaxer: true,
        },
      ],
    });
  });
});

describe('why rules decide as they do', () => {
  const why = (args: Record<string, unknown>, user_id = 'ana') => {
    const call = { ...past('x'), user_id, requested_by: user_id, arguments: args, approval_type: 'required' as const };
    return explain(policySetOf(definitions), call);
  };

  it('is explained rule by rule, with what would change it', () => {
    expect(why({ environment: 'staging' })).toMatchObject({
      result: { outcome: 'approve', rule: 'staging' },
      rules: [
        { name: 'two for production', matches: false, because: ['arguments.environment'], counts: false },
        { name: 'staging', matches: true, because: [], counts: true },
      ],
    });
    expect(why({ environment: 'test' }, 'guest').rules.map(({ counts }) => counts)).toEqual([false, false, true]);
  });

  it('says what is open', () => {
    expect(why({}).rules).toMatchObject([
      { matches: 'unknown', because: ['arguments.environment'], counts: true },
      { matches: 'unknown', counts: false },
      { matches: false, because: ['requester'], counts: false },
    ]);
  });

  it('says in words what each rule asks for', () => {
    const when = {
      tool: ['deploy'],
      annotations: { trusted: ['s'], readOnlyHint: true },
      arguments: {
        service: { matches: '^payments-', ignore_case: true },
        share: { at_least: 10, less_than: 50 },
        environment: { in: ['production', 'live'] },
        ticket: { exists: true },
      },
    };
    const rules = [{ name: 'all', when, then: { reject: 'No.' } }];
    const mcp_servers = [{ name: 's', command: 's', tools: {} }];
    const file = JSON.stringify({ policies: { rules }, mcp_servers });
    const set = policySetOf(parseDefinitions(file, '/project/countersign.yaml'));
    const call = { ...past('x'), tool_name: 'look', arguments: {}, approval_type: 'required' as const };
    expect(explain(set, call).rules[0]!.wants).toEqual([
      'tool is "deploy"',
      'readOnlyHint is true, by the word of "s"',
      'arguments.service begins with "payments-" (^payments-), in any case',
      'arguments.share is less than 50 and is at least 10',
      'arguments.environment is one of "production", "live"',
      'arguments.ticket is there',
    ]);
  });
});
