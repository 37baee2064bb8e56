import { visibleLine } from '@countersign/contracts/text';
import { useId } from 'preact/hooks';
import type { Field, Written } from './fields.js';

interface FieldsProps {
  fields: readonly Field[];
  written: Written;
  problems: Record<string, string>;
  change(written: Written): void;
}

/** The fields of a schema, to be filled in. */
export const Fields = ({ fields, written, problems, change }: FieldsProps) => (
  <>
    {fields.map((field) => (
      <OneField
        key={field.name}
        field={field}
        text={written[field.name]}
        problem={problems[field.name]}
        write={(text) => change(text === undefined ? without(written, field.name) : { ...written, [field.name]: text })}
      />
    ))}
  </>
);

const without = (written: Written, name: string): Written =>
  Object.fromEntries(Object.entries(written).filter(([each]) => each !== name));

interface OneFieldProps {
  field: Field;
  text: string | undefined;
  problem: string | undefined;
  write(text: string | undefined): void;
}

function OneField({ field, text, problem, write }: OneFieldProps) {
  const id = useId();
  const hint = `${field.description ?? ''} ${field.rules.join(', ')}`.trim();
  return (
    <div class="field">
      <label for={id}>
        <code>{visibleLine(field.name)}</code>
        {!field.required && <span class="optional"> optional</span>}
      </label>
      <Control
        {...{ id, field, text, write }}
        about={{
          'aria-describedby': `${id}-hint`,
          'aria-invalid': problem !== undefined,
          'aria-required': field.required,
        }}
      />
      <p class="hint" id={`${id}-hint`}>
        {problem && <strong class="field-problem">{problem}. </strong>}
        {visibleLine(hint)}
      </p>
    </div>
  );
}

type ControlProps = Omit<OneFieldProps, 'problem'> & {
  id: string;
  about: { 'aria-describedby': string; 'aria-invalid': boolean; 'aria-required': boolean };
};

function Control({ id, field, text = '', write, about }: ControlProps) {
  const choices = field.kind === 'boolean' ? [true, false] : field.choices;
  if (choices.length > 0)
    return (
      <select id={id} value={text} onChange={(event) => write(event.currentTarget.value || undefined)} {...about}>
        <option value="">…</option>
        {choices.map((choice) => (
          <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
            {nameOf(choice)}
          </option>
        ))}
      </select>
    );
  const onInput = (event: { currentTarget: { value: string } }) => write(event.currentTarget.value);
  if (field.kind === 'json' || text.includes('\n') || text.length > 80)
    return (
      <textarea id={id} rows={Math.min(12, text.split('\n').length + 1)} value={text} onInput={onInput} {...about} />
    );
  const mode = field.kind === 'integer' ? 'numeric' : field.kind === 'number' ? 'decimal' : 'text';
  return (
    <input id={id} value={text} inputMode={mode} autoComplete="off" spellcheck={false} onInput={onInput} {...about} />
  );
}

const nameOf = (choice: unknown): string => {
  if (typeof choice === 'boolean') return choice ? 'yes' : 'no';
  return typeof choice === 'string' ? choice : JSON.stringify(choice);
};
