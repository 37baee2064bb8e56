import { z } from 'zod';
import { configVersionFields } from '../../configuration/config-version.js';
import { Id, JsonObject } from '../../fields/fields.js';

export const RulesDeclared = z.object({
  version: Id.meta({
    description: 'The first 32 digits of the SHA-256 of the rules as RFC 8785 writes them: what decisions name.',
  }),
  rules: JsonObject.meta({
    description: 'All that a decision by rules depends on besides the call: policies and groups.',
  }),
});

export const AgentDeclared = z.object({
  agent_id: Id,
  version: Id.meta({
    description: 'The first 32 digits of the SHA-256 of the definition as RFC 8785 writes it: what requests name.',
  }),
  definition: JsonObject.meta({
    description: 'The agent as runs use it: its instructions, its model, and its tools with how each is gated.',
  }),
});

export const ConfigActivated = z.object(configVersionFields);
