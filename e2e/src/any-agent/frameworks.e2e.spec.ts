import { CountersignClient } from '@countersign/client';
import { startModelServer, type ModelRequest, type ModelServer } from '@countersign/testing/model-server';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, ModelPlans, outputsIn, says, wants } from '../runs/model-plans.js';
import { runCommand } from '../cli/command-line.js';
import { isReady, startChild, type Child } from '../world/child.js';
import { adminKey } from '../world/credentials.js';
import { eventually } from '../world/eventually.js';
import { exampleFile, frameworkExamples, pythonFrameworks } from './frameworks.js';

const inTypeScript = ['ai-sdk.ts', 'langchain.ts', 'mastra.ts', 'openai-agents.ts'];
const inPython = ['agno_agent.py', 'langgraph_agent.py', 'openai_agent.py', 'pydantic_agent.py'];

const mcpClients = fileURLToPath(new URL('../../any-agent/mcp_clients.py', import.meta.url));

const page = readFileSync(new URL('../../../docs/any-agent.md', import.meta.url), 'utf8');
/** The first block of the page in this language. */
const blockOf = (language: string): string => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)![1]!;

/** What the page leaves to whoever follows it. */
const policies = `
policies:
  rules:
    - name: nobody has time
      when: { arguments: { order: { matches: '^late' } } }
      then: { require: { expires_in: 1s } }
  default: { require: { allow: [approve, reject, edit] } }
`;

/** The page as it is, followed; the examples as they are, with the frameworks as they are published, and a model that says what a test wants. */
describe('an agent that somebody has already', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-frameworks-'));
  let folder: string;
  let child: Child;
  let model: ModelServer;
  let plans: ModelPlans;
  let people: CountersignClient;
  let env: Record<string, string>;
  beforeAll(async () => {
    const config = join(dir, 'countersign.yaml');
    writeFileSync(config, `${blockOf('yaml')}\n${policies}`);
    let packages: string;
    [folder, packages] = await Promise.all([frameworkExamples(...inTypeScript), pythonFrameworks()]);
    model = await startModelServer();
    plans = new ModelPlans(model);
    child = await startChild({ app: 'standalone', env: { DATA_DIR: dir, COUNTERSIGN_CONFIG: config } });
    await eventually('it to be ready', () => isReady(child.url));
    people = new CountersignClient({ url: child.url, key: adminKey });
    // As the page says: countersign keys create.
    const [, ...command] = blockOf('sh').trim().split(' ');
    const { out, err } = await runCommand([...command, '--url', child.url], { env: { COUNTERSIGN_KEY: adminKey } });
    const key = /cs_[\w-]+/.exec(out)?.[0];
    if (key === undefined) throw new Error(`no key: ${out}${err}`);
    const { PATH = '' } = process.env;
    env = {
      PATH,
      PYTHONPATH: packages,
      PYTHONNOUSERSITE: '1',
      COUNTERSIGN_URL: child.url,
      COUNTERSIGN_KEY: key,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'sk-any',
    };
  }, 240_000);
  afterAll(async () => {
    await child?.kill();
    await model?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function start(example: string, orders: readonly string[]) {
    const refunds = wants(...orders.map((order) => call('refund', { order, amount: 80 })));
    const told = (request: ModelRequest) => says(`It says: ${outputsIn(request).join(' | ')}`);
    const task = plans.plan(`Refund ${orders.join()}`, refunds, told);
    const program = example.endsWith('.py')
      ? spawn('python3', [exampleFile(example), task], { env })
      : spawn(process.execPath, [join(folder, example), task], { env });
    return { task, program, said: text(program.stdout), wrong: text(program.stderr) };
  }
  const pending = (order: string) =>
    eventually(`an approval for ${order}`, async () => {
      const { data } = await people.approvals.list({ status: 'pending' });
      return data.find(({ tool_args }) => tool_args['order'] === order);
    });

  it.concurrent.each([
    ['TypeScript', inTypeScript],
    ['Python', inPython],
  ])(
    'in %s is killed and asks again, makes what was approved, and hears why the rest was not made',
    async (_, files) => {
      for (const example of files) {
        const orders = ['edited', 'refused', 'late'].map((what) => `${what} by ${example}`);
        const [edited, refused] = orders as [string, string];
        const first = start(example, orders);
        const { id, context } = await pending(edited);
        expect(context['reason']).toBe(first.task);
        first.program.kill('SIGKILL');
        await first.said;
        const second = start(example, orders);
        await eventually('it to ask again', async () => plans.requests(second.task).length > 0);
        const tool_args = { order: edited, amount: 40 };
        await people.approvals.resolve(id, { status: 'approved', resolution_data: { tool_args } });
        const rejection = { status: 'rejected', resolution_data: { note: 'Ask the customer first.' } } as const;
        await people.approvals.resolve((await pending(refused)).id, rejection);
        expect([await second.wrong, await second.said]).toEqual([
          '',
          expect.stringMatching(
            /^It says: Paid 40 for edited .* \| .*Ask the customer first.* \| .*(nobody decided in time|expired)/,
          ),
        ]);
        expect((await people.executions.get(id)).attempts).toHaveLength(1);
      }
    },
  );

  it.concurrent.each([
    ['ts', process.execPath, 'A-17'],
    ['python', 'python3', 'A-18'],
  ])('is a function behind the gate, as the page has it in %s', async (language, interpreter, order) => {
    const program = join(folder, `page.${language}`);
    writeFileSync(program, blockOf(language).replace('http://127.0.0.1:4000', child.url));
    const { stdout } = spawn(interpreter, [program], { env });
    const said = text(stdout);
    const { id, context } = await pending(order);
    expect(context['reason']).toBe('The parcel is lost.');
    await people.approvals.resolve(id, { status: 'approved' });
    expect(await said).toBe(`Paid 80 for ${order}.\n`);
  });

  it.concurrent('has the tools over MCP, with agno and the OpenAI Agents SDK as they are', async () => {
    const program = spawn('python3', [mcpClients], { env });
    const said = Promise.all([text(program.stdout), text(program.stderr)]);
    await once(program.stdout, 'data');
    for (const order of ['agno', 'OpenAI'])
      await people.approvals.resolve((await pending(order)).id, { status: 'approved' });
    const [told, wrong] = await said;
    expect(told.split('\n').toSorted(), wrong).toEqual([
      '',
      'OpenAI Agents SDK: Credit for OpenAI.',
      'agno: Credit for agno.',
      'begins',
    ]);
  });
});
