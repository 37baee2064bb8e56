import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStandalone, type Standalone } from '../../apps/standalone/test/standalone.fixtures.js';
import type { Block } from './blocks.js';
import { Http } from './checks/http.js';
import { checkJson } from './checks/json.js';
import { checkShell } from './checks/shell.js';
import { checkTypeScript } from './checks/typescript.js';
import { checkYaml } from './checks/yaml.js';

const block = (text: string, about = ''): Block => ({ file: 'a.md', line: 1, language: '', about, text });

describe('a block is refused', () => {
  let standalone: Standalone;
  let http: Http;
  beforeAll(async () => {
    standalone = await openStandalone();
    http = new Http(await standalone.document());
  });
  afterAll(() => standalone.close());

  it.each([
    ['a command of the CLI that does not exist', 'countersign approvals aprove $ID', 'approvals aprove'],
    ['an option that does not exist', 'countersign runs list --sorted', '--sorted'],
    ['a value that is no choice', 'countersign approvals list --status open', 'open'],
    ['an argument that is missing', 'answer=$(countersign run --agent ops)', 'input'],
    ['a route that does not exist', 'curl $URL/aprovals -H "$KEY"', 'no route /aprovals'],
    ['a method that the route does not have', 'curl -X DELETE $URL/runs/$ID', 'has no DELETE'],
    ['a query that the route does not take', 'curl "$URL/runs?state=PAUSED"', 'state'],
    ['a value that the query does not allow', 'curl "$URL/runs?status=paused"', 'status=paused'],
    ['a body that the schema does not allow', `curl $URL/approvals/$ID/resolve --json '{"status": "yes"}'`, 'status'],
    [
      'a field that the schema does not name',
      `curl $URL/approvals/$ID/resolve --json '{"status": "approved", "why": ""}'`,
      'why',
    ],
    ['a placeholder that a shell takes for a redirection', 'curl $URL/approvals/<id>/resolve', 'no route'],
    ['a script that does not exist', 'npm run demoo', 'demoo'],
    ['a program that does not exist', 'node apps/cli/dist/mian.js', 'mian'],
    ['a command that no test knows', 'rm -rf .countersign', 'no test knows the command rm'],
  ])('for %s', async (_what, text, problem) => {
    await expect(checkShell(block(text), http)).rejects.toThrow(problem);
  });

  it.each([
    [
      'a group that is not declared',
      '# countersign.yaml\npolicies: { default: { require: { approvers: [{ group: none }] } } }\n',
      'none',
    ],
    ['a file without a name', 'agents: []\n', 'names the file'],
    ['a file that no test knows', '# docker-compose.yml\nservices: {}\n', 'no test knows'],
  ])('for %s', (_what, text, problem) => {
    expect(() => checkYaml(block(text))).toThrow(problem);
  });

  it.each([
    ['text that is no JSON', 'run.cancelled', '{"run_id": …}'],
    ['an event without what it needs', 'run.cancel_requested', '{}'],
    ['a field that the event does not have', 'run.cancel_requested', '{"run_id": "r", "why": "…"}'],
    ['an answer that the route does not give', 'POST /auth/tokens 201', '{"key": "k"}'],
    ['nothing that says what it shows', '', '{}'],
  ])('for %s', (_what, about, text) => {
    expect(() => checkJson(block(text, about), http)).toThrow();
  });

  it('for a type that is wrong', () => {
    expect(() =>
      checkTypeScript(
        block("import { defineTool } from '@countersign/tool';\nexport const tool = defineTool({ name: 1 });"),
      ),
    ).toThrow('TS2');
  });
});
