import type { ConversationItem } from '@countersign/contracts';
import type { Agent } from './agent.js';
import type { Model } from './model.js';
import type { ModelResponse } from './run.js';

const introduction = 'I am the scripted model: I follow fixed rules, because no OPENAI_API_KEY is set.';
const deployment =
  /\b(?:the\s+)?(?!(?:deploy|release|out|rollout|ship|upgrade)\s)([a-z0-9][a-z0-9._-]*)\s+(?:service\s+)?(?:to\s+)?(?:version\s+|v)(\d[\w.-]*\w|\d)/gi;

/** Stands in for a model where there is no key. It understands requests to deploy one or more services. */
export class ScriptedModel implements Model {
  readonly description = 'scripted (set OPENAI_API_KEY for a real one)';

  async respond(_agent: Agent, conversation: readonly ConversationItem[]): Promise<ModelResponse> {
    const asked = conversation.findLastIndex((item) => item['role'] === 'user');
    const outputs = conversation.slice(asked + 1).filter(({ type }) => type === 'function_call_output');
    const items = outputs.length > 0 ? [report(outputs)] : plan(String(conversation[asked]?.['content']), asked);
    return { items, usage: { input_tokens: 0, output_tokens: 0 } };
  }
}

function plan(request: string, turn: number): ConversationItem[] {
  const deployments = /\b(deploy|release|roll ?out|ship|upgrade)/i.test(request)
    ? [...request.matchAll(deployment)]
    : [];
  if (deployments.length === 0) {
    return [
      message(`${introduction} Ask me to deploy, such as "Deploy the auth-service version 2.1.0 to production."`),
    ];
  }
  const calls = deployments.map(([, service_name, version], n) => ({
    type: 'function_call',
    call_id: `call_${turn}_${n}`,
    name: 'deploy_to_production',
    arguments: JSON.stringify({ service_name, version }),
  }));
  const wanted = deployments.map(([, service_name, version]) => `${service_name} ${version}`).join(', ');
  return [message(`${introduction} You asked me to deploy ${wanted}.`), ...calls];
}

const report = (outputs: readonly ConversationItem[]): ConversationItem =>
  message(`${introduction} This came of it:\n${outputs.map(({ output }) => `- ${String(output)}`).join('\n')}`);

const message = (text: string): ConversationItem => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
});
