import type { ConversationItem } from '@countersign/contracts/runs';
import type { Agent } from '@countersign/definitions';
import type { Model, ModelRequest, ModelResponse } from './model.js';

const introduction = 'I am the scripted model: I follow fixed rules, because no OPENAI_API_KEY is set.';
const tool = 'deploy_to_production';
const deployment =
  /\b(?:the\s+)?(?!(?:deploy|release|out|rollout|ship|upgrade)\s)([a-z0-9][a-z0-9._-]*)\s+(?:service\s+)?(?:to\s+)?(?:version\s+|v)(\d[\w.-]*\w|\d)/gi;

/** Stands in for a model where there is no key. It understands requests to deploy one or more services. */
export class ScriptedModel implements Model {
  readonly provider = 'countersign.scripted';
  readonly description = 'scripted (set OPENAI_API_KEY for a real one)';

  async respond({ agent, conversation, onText }: ModelRequest): Promise<ModelResponse> {
    const items = answerOf(agent, conversation);
    if (onText) for (const piece of items.flatMap(piecesOf)) onText(piece);
    return { items, usage: { input_tokens: 0, output_tokens: 0 }, incomplete: null };
  }
}

function answerOf(agent: Agent, conversation: readonly ConversationItem[]): ConversationItem[] {
  if (!agent.tools.some(({ name }) => name === tool))
    return [message(`${introduction} I can only play the ops agent, which has a tool "${tool}".`)];
  const lastUserItem = conversation.findLastIndex((item) => item['role'] === 'user');
  const outputs = conversation.slice(lastUserItem + 1).filter(({ type }) => type === 'function_call_output');
  return outputs.length > 0 ? [report(outputs)] : plan(String(conversation[lastUserItem]?.['content']), lastUserItem);
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
    name: tool,
    arguments: JSON.stringify({ service_name, version }),
  }));
  const wanted = deployments.map(([, service_name, version]) => `${service_name} ${version}`).join(', ');
  return [message(`${introduction} You asked me to deploy ${wanted}.`), ...calls];
}

const report = (outputs: readonly ConversationItem[]): ConversationItem =>
  message(`${introduction} This came of it:\n${outputs.map(({ output }) => `- ${String(output)}`).join('\n')}`);

interface Message extends ConversationItem {
  content: { type: 'output_text'; text: string; annotations: [] }[];
}

const message = (text: string): Message => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
});

/** In parts of sentences, as a model streams. */
const piecesOf = (item: ConversationItem): string[] =>
  item.type === 'message' ? (item as Message).content.flatMap(({ text }) => text.split(/(?<=[.,:]\s|\n)/)) : [];
