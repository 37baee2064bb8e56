import { agreedOn, type Approval, type DecisionKind } from '@countersign/contracts/approvals';
import { useState } from 'preact/hooks';
import {
  fieldOf,
  fieldsOf,
  fieldsOfInputs,
  valuesIn,
  writtenFor,
  type Field,
  type Written,
} from '../../forms/fields.js';
import type { Draft } from './decision.js';

/** What a person has to fill in. */
const fieldsToFill = ({ pause_type, requirements }: Approval): Field[] =>
  pause_type === 'user_input'
    ? fieldsOfInputs(
        requirements.flatMap(
          ({ user_input_schema, tool_execution }) => user_input_schema ?? tool_execution.user_input_schema ?? [],
        ),
      )
    : [];

/** The arguments as one text, for tools whose schema has no fields. */
const asJson: Field = { ...fieldOf('arguments', {}, true), description: 'All arguments, as a JSON object' };

export type DraftForm = ReturnType<typeof useDraft>;

/** A decision on an approval, while it is being written. */
export function useDraft(approval: Approval) {
  const [note, setNote] = useState('');
  const [edited, setEdited] = useState<Written | null>(null);
  const [filled, setFilled] = useState<Written>({});
  const [result, setResult] = useState<string | null>(null);
  const [grant, setGrant] = useState<number | null>(null);

  const toFill = fieldsToFill(approval);
  const schemaFields = fieldsOf(approval.parameters)?.filter(
    ({ name }) => !toFill.some((field) => field.name === name),
  );
  const toEdit = schemaFields ?? [asJson];
  const editing = edited === null ? null : readEdit(schemaFields, edited, approval.tool_args);
  const filling = valuesIn(toFill, filled);
  const agreed = agreedOn(approval);

  const values = toFill.length > 0 ? filling.values : undefined;
  const draft: Draft = agreed
    ? { ...agreed, grant: agreed.grant?.expires_in, note }
    : {
        note,
        values,
        tool_args: editing?.values,
        result: result ?? undefined,
        grant: grant ?? undefined,
      };
  return {
    note: { text: note, write: setNote },
    edit: {
      fields: toEdit,
      written: edited,
      problems: editing?.problems ?? {},
      write: setEdited,
      begin: () => setEdited(writtenFor(toEdit, schemaFields ? approval.tool_args : { arguments: approval.tool_args })),
    },
    fill: { fields: agreed ? [] : toFill, written: filled, problems: filling.problems, write: setFilled },
    result: { text: result, write: setResult },
    grant: { seconds: grant, write: setGrant },
    agreed,
    draft,
    /** What is approved in place of the call, or fills it in, is previewed before. */
    written: agreed ? {} : { ...(editing && { tool_args: editing.values }), ...(values && { values }) },
    /** What would run, as far as it has been written. */
    args: agreed
      ? (approval.approved_args ?? approval.tool_args)
      : { ...(editing?.values ?? approval.tool_args), ...values },
    isComplete: agreed !== null || (isEmpty(editing?.problems) && (result !== null || isEmpty(filling.problems))),
    /** Other arguments are held against a schema, so there has to be one. */
    allows: (kind: DecisionKind) =>
      agreed === null && approval.allowed_decisions.includes(kind) && (kind !== 'edit' || approval.parameters !== null),
  };
}

const isEmpty = (problems: object = {}): boolean => Object.keys(problems).length === 0;

function readEdit(fields: Field[] | undefined, written: Written, before: Record<string, unknown>) {
  if (fields) return valuesIn(fields, written, before);
  const { values, problems } = valuesIn([asJson], written);
  const edited = values['arguments'];
  const isObject = typeof edited === 'object' && edited !== null && !Array.isArray(edited);
  return isObject
    ? { values: edited as Record<string, unknown>, problems }
    : { values: before, problems: { arguments: 'must be a JSON object' } };
}
