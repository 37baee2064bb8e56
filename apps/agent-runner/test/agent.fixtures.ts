import { agentOf, type Agent, type AgentDefinition, type ToolDefinition } from '@countersign/definitions';

const aText = { type: 'string' };
const tool = (name: string, change: Partial<ToolDefinition>): ToolDefinition => ({
  name,
  description: `For ${name}.`,
  parameters: { type: 'object', properties: { what: aText }, required: ['what'], additionalProperties: false },
  approval: 'required',
  requires: null,
  user_input: [],
  redact: [],
  max_output: 20_000,
  made_by: change.approval === 'none' ? 'runner' : 'executor',
  ...change,
});

/** One tool for each way in which a call can be gated and made. */
export const tools = {
  deploy_to_production: tool('deploy_to_production', {
    parameters: {
      type: 'object',
      properties: {
        service_name: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
        version: { type: 'string', pattern: '^[0-9.]+$' },
      },
      required: ['service_name', 'version'],
      additionalProperties: false,
    },
    requires: 'external_execution',
  }),
  look_up: tool('look_up', { approval: 'none' }),
  refund: tool('refund', { requires: 'confirmation' }),
  grant: tool('grant', {
    parameters: {
      type: 'object',
      properties: { what: aText, hours: { type: 'integer', minimum: 1 }, ticket: aText },
      required: ['what', 'hours', 'ticket'],
      additionalProperties: false,
    },
    requires: 'user_input',
    user_input: ['hours', 'ticket'],
    redact: ['ticket'],
  }),
  ask_person: tool('ask_person', {
    approval: 'none',
    requires: 'user_input',
    parameters: {
      type: 'object',
      properties: { question: aText, answer: aText },
      required: ['question', 'answer'],
      additionalProperties: false,
    },
    user_input: ['answer'],
    made_by: 'person',
  }),
  send: tool('send', { approval: 'none', requires: 'confirmation' }),
  show_map: tool('show_map', { approval: 'none', requires: 'external_execution', made_by: 'person' }),
} as const;

export const definition: AgentDefinition = {
  id: 'ops',
  name: 'Operations',
  description: null,
  model: 'gpt-5-mini',
  instructions: 'Do what you are asked to.',
  tools: Object.values(tools),
  max_steps: 20,
  budget: { tokens: null, seconds: null },
  deadline_in: null,
  history: { max_items: 100, max_tokens: 20_000 },
};
export const agent: Agent = agentOf(definition);
