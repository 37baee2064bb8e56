import type { UserInputField } from '@countersign/contracts/calls';
import { visibleLine } from '@countersign/contracts/text';
import { valueFor } from './field-values.js';
import type { Questions } from '../../terminal/questions.js';

/** Asks for each field. @param drafts what was answered before, and is now. @returns the values; undefined once the questions are over. */
export async function promptFields(
  questions: Questions,
  fields: readonly UserInputField[],
  drafts: Map<string, string>,
): Promise<Record<string, unknown> | undefined> {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const check = (text: string) => problemWith(field, text);
    const answer = await questions.text(labelOf(field), { check, initial: drafts.get(field.name) });
    if (answer === undefined) return undefined;
    drafts.set(field.name, answer);
    if (answer !== '') values[field.name] = valueFor(field, answer);
  }
  return values;
}

const labelOf = ({ name, description, required }: UserInputField): string =>
  visibleLine(`${name}${description ? `: ${description}` : ''}${required ? '' : ' (may be empty)'}`);

function problemWith(field: UserInputField, text: string): string | undefined {
  if (text === '') return field.required ? 'It is needed.' : undefined;
  try {
    valueFor(field, text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
