import { describe, expect, it } from 'vitest';
import { runPolicyTests } from './tests.js';
import { parseDefinitions } from '../../load/read.js';

const file = (tests: string) =>
  parseDefinitions(
    `
groups:
  release-managers: [ada@example.com, grace@example.com]
agents:
  - { id: ops, name: Operations, instructions: Deploy., tools: [deploy_to_production, look, tickets/*] }
tools:
  - { name: deploy_to_production, description: Deploys., parameters: { type: object } }
  - { name: look, description: Looks., parameters: { type: object }, approval: audit }
mcp_servers:
  - { name: tickets, command: tickets, tools: { close: { approval: audit }, '*': {} } }
policies:
  rules:
    - name: production deploys of payments
      when: { agent: [ops], tool: [deploy_to_production], arguments: { service_name: { matches: '^payments-' } } }
      then: { require: { approvers: [{ group: release-managers, count: 2 }, { anyone: true, count: 1 }] } }
    - name: staging is automatic
      when: { arguments: { environment: { equals: staging } } }
      then: { approve: true }
    - name: never for guests
      when: { requester: [guest] }
      then: { reject: Guests deploy nothing. }
policy_tests:
${tests}`,
    '/project/countersign.yaml',
  );

describe('the policy tests of a file', () => {
  it('pass when every call becomes what is expected, of which not everything has to be said', () => {
    const tests = `
  - name: payments
    call: { agent: ops, tool: deploy_to_production, requester: ada@example.com, arguments: { service_name: payments-api } }
    expect: { outcome: require, rule: production deploys of payments, approvals: 3 }
  - name: staging
    call: { agent: ops, tool: deploy_to_production, arguments: { service_name: auth, environment: staging } }
    expect: { outcome: approve }
  - name: guests
    call: { agent: ops, tool: deploy_to_production, requester: guest, arguments: { service_name: auth } }
    expect: { outcome: reject, rule: never for guests }
  - name: others
    call: { agent: ops, tool: deploy_to_production, requester: ada, arguments: { service_name: auth } }
    expect: { outcome: require, rule: null, approvals: 1 }
`;
    expect(runPolicyTests(file(tests))).toEqual({ passed: 4, failed: [] });
  });

  it('fail with what was expected and what became of the call', () => {
    const tests = `
  - { name: right, call: { agent: ops, tool: look, requester: ada }, expect: { outcome: approve } }
  - { name: outcome, call: { agent: ops, tool: look, requester: guest }, expect: { outcome: approve } }
  - { name: rule, call: { agent: ops, tool: look, requester: ada }, expect: { outcome: approve, rule: staging is automatic } }
  - name: approvals
    call: { agent: ops, tool: deploy_to_production, requester: ada, arguments: { service_name: auth } }
    expect: { outcome: require, approvals: 2 }
`;
    expect(runPolicyTests(file(tests))).toEqual({
      passed: 1,
      failed: [
        {
          name: 'outcome',
          expected: { outcome: 'approve' },
          got: { outcome: 'reject', rule: 'never for guests', reason: 'Guests deploy nothing.' },
        },
        {
          name: 'rule',
          expected: { outcome: 'approve', rule: 'staging is automatic' },
          got: { outcome: 'approve', rule: null, reason: null },
        },
        {
          name: 'approvals',
          expected: { outcome: 'require', approvals: 2 },
          got: { outcome: 'require', rule: null, approvals: 1, reason: null },
        },
      ],
    });
  });

  it.each([
    ['deploy_to_production', '', 'require'],
    ['look', '', 'approve'],
    ['tickets__close', '', 'approve'],
    ['tickets__open', '', 'require'],
    ['tickets__open', ', approval: audit', 'approve'],
  ])('take the gate of %s from the file%s: %s', (tool, approval, outcome) => {
    const call = `{ agent: ops, tool: ${tool}, requester: ada, arguments: { service_name: auth }${approval} }`;
    const tests = `  - { name: gate, call: ${call}, expect: { outcome: ${outcome}, rule: null } }`;
    expect(runPolicyTests(file(tests)).failed).toEqual([]);
  });
});
