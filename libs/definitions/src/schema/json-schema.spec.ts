import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { definitionsJsonSchema } from './json-schema.js';
import { parseDefinitions } from '../load/read.js';

const published = '../../../../docs/countersign.schema.json';
const root = new URL('../../../../countersign.yaml', import.meta.url);

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
formats.default(ajv);
const validate = ajv.compile(definitionsJsonSchema());

const policies = `
groups: { release-managers: [ada@example.com, grace@example.com], platform-leads: from_token }
policies:
  rules:
    - name: production deploys of payments
      when: { agent: [ops], tool: [deploy], requester: [ada@example.com], arguments: { service_name: { matches: '^payments-' } } }
      then:
        require:
          approvers: [{ group: release-managers, count: 2 }, { anyone: true, count: 1 }]
          four_eyes: true
          on_rejection: continue
          reason: [reject]
          allow: [approve, reject, edit, values, result]
          expires_in: 4h
          remind_after: 1800
          escalate: { after: 2h, to: [platform-leads] }
    - name: staging is automatic
      when: { all: [{ arguments: { environment: { equals: staging } } }, { not: { tool: [refund] } }] }
      then: { approve: true }
    - name: never for guests
      when: { any: [{ requester: [guest] }, { arguments: { service.owner: { in: [guest, nobody] } } }] }
      then: { reject: Guests deploy nothing. }
  default: { require: { expires_in: never } }
shadow:
  rules: []
policy_tests:
  - name: payments
    call: { agent: ops, tool: deploy, requester: ada@example.com, arguments: { service_name: payments-api } }
    expect: { outcome: require, rule: production deploys of payments, approvals: 3 }
`;

describe('the JSON Schema of countersign.yaml', () => {
  it('is published as it is; `vitest run -u --project definitions` regenerates it', async () => {
    await expect(`${JSON.stringify(definitionsJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(published);
  });

  it('is kept by the file of this project, which names it', () => {
    const text = readFileSync(root, 'utf8');
    validate(parse(text));
    expect(validate.errors).toBeNull();
    expect(text).toMatch(/^# yaml-language-server: \$schema=docs\/countersign\.schema\.json\n/);
  });

  it('is kept by groups, policies, a shadow and policy tests', () => {
    validate(parse(policies));
    expect(validate.errors).toBeNull();
    expect(() => parseDefinitions(policies, '/project/countersign.yaml')).not.toThrow();
  });

  it.each([
    [{ agent: [] }],
    [{ agents: [{ id: 'ops', instructions: 'Deploy.' }] }],
    [{ tools: [{ name: 'a b', description: '', parameters: {} }] }],
    [{ mcp_servers: [{ name: 's', command: 's', url: 'http://s', tools: {} }] }],
    [{ groups: { managers: [] } }],
    [{ policies: { default: { approve: true, reject: 'No.' } } }],
    [{ policies: { rules: [{ name: 'r', when: { not: {} }, then: { approve: true } }] } }],
    [{ shadow: { rules: [{ name: 'r', when: {}, then: { require: { expires_in: 'soon' } } }] } }],
  ])('refuses %j', (file) => {
    expect(validate(file)).toBe(false);
  });
});
