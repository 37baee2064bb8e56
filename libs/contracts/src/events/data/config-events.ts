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

export const ConfigActivated = z.object(configVersionFields);
