import type { ConversationItem } from '@countersign/contracts/runs';
import { agentOf, AgentDefinition } from '@countersign/definitions';

/** An agent and what is said with it, for the specifications of models. */
export const agent = agentOf(
  AgentDefinition.parse({
    id: 'ops',
    name: 'Operations',
    model: 'gpt-5-mini',
    instructions: 'You deploy services.',
    tools: [
      {
        name: 'deploy_to_production',
        description: 'Deploys one version of one service to production.',
        parameters: {
          type: 'object',
          properties: { service_name: { type: 'string' }, version: { type: 'string' } },
          required: ['service_name', 'version'],
          additionalProperties: false,
        },
        approval: 'required',
        requires: 'external_execution',
        user_input: [],
        redact: [],
        made_by: 'executor',
      },
    ],
  }),
);

export const question: ConversationItem = { type: 'message', role: 'user', content: 'Deploy it.' };

export const text = (content: string): ConversationItem => ({
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text: content }],
});

export const call = (call_id: string, service_name = 'auth-service', version = '2.1.0'): ConversationItem => ({
  type: 'function_call',
  call_id,
  name: 'deploy_to_production',
  arguments: JSON.stringify({ service_name, version }),
});

export const callsIn = (items: readonly ConversationItem[]): ConversationItem[] =>
  items.filter(({ type }) => type === 'function_call');

export const textIn = (items: readonly ConversationItem[]): string =>
  items
    .flatMap((item) => (item['content'] as { text: string }[] | undefined) ?? [])
    .map((part) => part.text)
    .join('');

/** Tells OpenAI's client not to try again by itself, so that a specification need not wait for it. */
export const once = { 'x-should-retry': 'false' };
