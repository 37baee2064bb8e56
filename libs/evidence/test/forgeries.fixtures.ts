import { Office, type Data, type Told } from './evidence.fixtures.js';

export const signed = [
  'tool.approval_required',
  'approval.resolved',
  'tool.execution_started',
  'tool.execution_completed',
];

/** What whoever may write to the topics, and has read them, can put beside the story of a run; each by its name. */
export function forgeriesOf(office: Office, told: readonly Told[]): [string, Told][] {
  const at = (type: string) => told.find((each) => each.type === type)!;
  const but = (type: string, change: Data) => ({ type, data: { ...at(type).data, ...change } });
  const elsewhere = new Office().story('run-1');
  const another = office.story('run-2');
  const forgeries: [string, Told][] = signed.flatMap((type): [string, Told][] => [
    [`${type} that is not signed`, but(type, { signature: null })],
    [`${type} that is signed by somebody else`, elsewhere.find((each) => each.type === type)!],
    [`${type} of another run`, another.find((each) => each.type === type)!],
    [`${type} that says another tool`, but(type, { tool_name: 'undeploy' })],
    [`${type} of an approval that there is not`, but(type, { approval_id: 'none' })],
    [
      `${type} whose signature is that of another`,
      but(type, { signature: at(signed.at(signed.indexOf(type) - 1)!).data['signature'] }),
    ],
  ]);
  forgeries.push(
    ['a request with other arguments', but('tool.approval_required', { tool_args: { service: 'auth' } })],
    ['a decision with other arguments', but('approval.resolved', { tool_args: { service: 'auth' } })],
    ['a decision that says another time', but('approval.resolved', { expires_at: 1 })],
    ['a decision by somebody else', but('approval.resolved', { resolved_by: 'eve' })],
    ['a decision without redactions', but('approval.resolved', { redact: null })],
    ['another result', but('tool.execution_completed', { result: 'Undeployed.' })],
    ['a verdict on what nobody asked for', but('approval.decision_recorded', { approval_id: 'none' })],
  );
  return forgeries;
}
