import type { Approval } from '@countersign/contracts/approvals';
import { fieldTypes, type UserInputField } from '@countersign/contracts/calls';
import { fieldsToFill } from '../show.js';

interface Property {
  type?: unknown;
  description?: unknown;
}

/**
 * The arguments of a call one by one, as the schema of its tool has them, without those that are filled in anyway;
 * undefined where the schema does not say of each what it is.
 */
export function argumentFields(approval: Approval): UserInputField[] | undefined {
  const { properties = {}, required = [] } = (approval.parameters ?? {}) as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const filled = new Set(fieldsToFill(approval).map(({ name }) => name));
  const fields = Object.entries(properties)
    .filter(([name]) => !filled.has(name))
    .map(([name, { type, description }]) => ({
      name,
      field_type: fieldTypes[String(type)],
      description: typeof description === 'string' ? description : null,
      value: null,
      schema: {},
      required: required.includes(name),
    }));
  const areKnown = fields.length > 0 && fields.every(({ field_type }) => field_type !== undefined);
  return areKnown ? (fields as UserInputField[]) : undefined;
}

/** A value as it is written into its field. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
