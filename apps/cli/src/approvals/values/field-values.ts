import type { Approval } from '@countersign/contracts/approvals';
import type { UserInputField } from '@countersign/contracts/calls';
import { parseStrictJson } from '@countersign/contracts/json';
import { exitCodes, Failure } from '../../connection/exit-codes.js';
import { fieldsToFill } from '../show.js';

/** The values of `name=value` texts, each as the field wants it. @throws Failure that names what can be filled in. */
export function fieldValues(texts: readonly string[], approval: Approval): Record<string, unknown> {
  const known = fieldsToFill(approval);
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const field = known.find(({ name }) => at > 0 && name === text.slice(0, at));
      if (!field) throw unknownField(text, known);
      return [field.name, valueFor(field, text.slice(at + 1))];
    }),
  );
}

/** @throws Failure when it is not of the field's type. */
export function valueFor({ name, field_type }: UserInputField, text: string): unknown {
  if (field_type === 'str') return text;
  const read = parseStrictJson(text);
  if (read.ok) return read.value;
  const { code, message } = read.problem;
  const why =
    code === 'not_json' ? `is of the type ${field_type}, and "${text}" is not.` : `cannot be that: ${message}.`;
  throw new Failure(exitCodes.usage, `${name} ${why}`);
}

function unknownField(text: string, known: readonly UserInputField[]): Failure {
  const names = known.map(({ name }) => name).join(', ');
  const advice = names === '' ? 'This call has no fields to fill in.' : `Say name=value; there is ${names}.`;
  return new Failure(exitCodes.usage, `--value ${text}: ${advice}`);
}
