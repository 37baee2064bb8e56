import { startModelServer, type ModelRequest } from '@countersign/testing/model-server';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { driveWithAgno } from './agno.js';
import { adminKey } from '../world/credentials.js';
import { isReady, startChild } from '../world/child.js';
import { eventually } from '../world/eventually.js';

/** Deploys, asks the customer or answers, as the last message of the user says. */
function respond({ input }: ModelRequest) {
  const asked = input.findLastIndex(({ role }) => role === 'user');
  const text = String(input[asked]?.content);
  const outputs = input.slice(asked).filter(({ type }) => type === 'function_call_output');
  if (outputs.length > 0) return { output: [message(outputs.map(({ output }) => output).join('\n'))] };
  if (text.startsWith('Deploy'))
    return { output: [call('deploy_to_production', { service_name: 'auth-service', version: '2.1.0' })] };
  if (text.startsWith('Ask')) return { output: [call('ask_customer', { question: 'Which colour?' })] };
  return { output: [message('I deploy, once somebody has approved.')] };
}

let calls = 0;
const call = (name: string, args: object) => ({
  type: 'function_call',
  call_id: `call_${(calls += 1)}`,
  name,
  arguments: JSON.stringify(args),
});
const message = (text: string) => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
});

it("is driven by agno's own Python client, unchanged", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-agno-'));
  const model = await startModelServer({ respond });
  const env = { DATA_DIR: dir, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', MODEL_API: 'chat_completions' };
  const child = await startChild({ app: 'standalone', env });
  try {
    await eventually('it to be ready', () => isReady(child.url));
    expect(await driveWithAgno(child.url, adminKey)).toEqual([
      'list_agents',
      'aget_agent',
      'aget_config, list_teams and list_workflows',
      'run_agent',
      'continue_agent_run is refused while an approval is missing',
      'continue_agent_run follows the approved run to its end',
      'run_agent in a session of another agent is refused',
      'continue_agent_run with user input',
      'run_agent_stream to the end',
      'run_agent_stream to a pause',
      'cancel_agent_run',
      'continue_agent_run_stream',
      'get_sessions',
      'get_session',
      'get_session_runs',
      'get_session_run and rename_session',
      'what is not here is refused by a code',
    ]);
  } finally {
    await child.kill();
    await model.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);
