import { canonicalJson } from '@countersign/contracts/json';
import { Approval, possiblyExecutedText, standingApprovals } from '@countersign/contracts/approvals';
import { openQuestion } from '@countersign/contracts/questions';
import type { UserInputField } from '@countersign/contracts/calls';
import {
  argumentLines,
  presentCall,
  riskOf,
  titleLine,
  type PresentableCall,
} from '@countersign/contracts/presentation';
import { marked, visibleText } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { approvalId } from '../connection/ids.js';
import type { Screen } from '../terminal/screen.js';
import { previewText } from './preview.js';
import { statusStyle } from '../commands/status.js';
import { fields } from '../terminal/table.js';
import { left, plural, when } from '../terminal/words.js';

export const showApproval = (on: On): Command =>
  new Command('show')
    .description('Shows one approval: requester, exact arguments, rule and decisions.')
    .argument('<approval>', 'its id, or the beginning of it')
    .action(
      on(async ({ screen, client }, id: string) => {
        screen.show(await client.approvals.get(await approvalId(client, id)), (approval) =>
          approvalText(screen, approval),
        );
      }),
    );

/** Everything that an approver should have seen. @param runs the arguments as they would approve them */
export function approvalText(screen: Screen, approval: Approval, runs?: Approval['tool_args']): string[] {
  const { tool_args, approved_args } = approval;
  const call = { ...approval, tool_args: approved_args ?? tool_args };
  const risk = riskOf(call);
  const status = screen.paint(statusStyle(approval), approval.status);
  return [
    `${screen.paint('bold', titleLine(call))}  ${status}${risk === 'low' ? '' : screen.paint('red', `  ${risk} risk`)}`,
    '',
    ...fields(screen, about(approval)),
    '',
    ...argumentsText(screen, approved_args ? 'Requested arguments' : 'Arguments', { ...approval, tool_args }),
    ...(approved_args ? argumentsText(screen, 'Arguments that were approved', call) : []),
    ...inputText(screen, fieldsToFill(approval)),
    ...(runs && canonicalJson(runs) !== canonicalJson(call.tool_args)
      ? argumentsText(screen, 'Arguments, as you approve them', { ...approval, tool_args: runs })
      : []),
    ...previewText(screen, approval, runs),
    ...statements(screen, approval),
  ];
}

/** All arguments, scripts line by line, with every character that hides written out. */
export const argumentsText = (screen: Screen, title: string, call: PresentableCall): string[] => [
  screen.paint('dim', title),
  ...argumentLines(presentCall(call).args).map((line) => `  ${line}`),
];

/** What a person has to fill in before it can be approved. */
export const fieldsToFill = ({ requirements }: Approval): UserInputField[] =>
  requirements.flatMap(({ user_input_schema }) => user_input_schema ?? []);

function about(approval: Approval): Record<string, string | null> {
  const { source_name, agent_id, user_id, requested_by, context, expires_at } = approval;
  const { created_at, possibly_executed, resolved_at, resolved_by } = approval;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    Approval: approval.id,
    Tool: approval.tool_name,
    Environment: environmentText(approval),
    Agent: marked(`${source_name} (${agent_id})`),
    For: user_id && marked(user_id),
    'Sent by': requested_by === null || requested_by === user_id ? null : marked(requested_by),
    Run: approval.run_id,
    'Asked to': text(context['input']),
    'It says': marked(text(context['reason']) ?? ''),
    Asked: when(created_at),
    Deadline:
      expires_at === null
        ? null
        : [when(expires_at).split(',')[0], approval.status === 'pending' && left(expires_at)]
            .filter(Boolean)
            .join(', '),
    Rule: ruleOf(approval),
    Caution: approval.status === 'pending' && possibly_executed ? possiblyExecutedText(possibly_executed) : null,
    Question: questionOf(approval),
    Needs: approval.status === 'pending' ? needs(approval) : null,
    'You may': approval.status === 'pending' ? approval.allowed_decisions.join(', ') : null,
    Decided: resolved_at === null ? null : `${when(resolved_at)}${resolved_by === null ? '' : `, by ${resolved_by}`}`,
    Deputies: approval.status === 'pending' ? deputiesOf(approval) : null,
    'Break glass': glassOf(approval),
    Digest: approval.digest,
  };
}

function environmentText(approval: Approval): string | null {
  const { environment } = presentCall({ ...approval, tool_args: approval.approved_args ?? approval.tool_args });
  if (!environment) return null;
  return `${environment.name ?? 'none is named'}${environment.isKnown ? '' : ' (not one that the tool declares)'}`;
}

const ruleOf = ({ policy, grant_id }: Approval): string | null => {
  if (grant_id !== null) return `standing grant ${grant_id}`;
  return policy?.rule ?? null;
};

function glassOf({ break_glass, review, reviewed, terms, status }: Approval): string | null {
  if (break_glass === null) {
    const groups = terms.break_glass.map(({ group }) => group).join(' or ');
    return status === 'pending' && groups !== '' ? `a member of ${groups}, alone, in an emergency` : null;
  }
  const { by, group, reason } = break_glass;
  const then = review === 'open' ? 'Its review is open.' : `Reviewed by ${reviewed?.by}: ${reviewed?.text}`;
  return `${by} of ${group} approved it alone: ${reason}. ${then}`;
}

const deputiesOf = ({ terms: { deputies } }: Approval): string | null =>
  deputies.length === 0
    ? null
    : `a member of ${deputies.map(({ group }) => group).join(' or ')}, in the place of whoever names them`;

function questionOf(approval: Approval): string | null {
  const question = openQuestion(approval);
  return question ? `${question.by} waits for an answer; nobody else approves it before` : null;
}

function needs(approval: Approval): string {
  const { terms, required_approvals } = approval;
  const wanted = terms.approvers.map(({ group, count }) => `${count} of ${group ?? 'those who may'}`).join(' and ');
  return [
    `approval by ${wanted}`,
    terms.four_eyes ? 'not by the requester' : 'also by the requester: four eyes is off',
    ...terms.reason_required.map((verb) => `with a reason to ${verb}`),
    ...(required_approvals > 1 ? [`${standingApprovals(approval)} of ${required_approvals} so far`] : []),
  ].join(', ');
}

const inputText = (screen: Screen, inputs: UserInputField[]): string[] =>
  inputs.length === 0
    ? []
    : [
        screen.paint('dim', 'To fill in (--value name=value)'),
        ...inputs.map(({ name, field_type, required, description, value }) => {
          const filled = value === null ? '' : ` = ${JSON.stringify(value)}`;
          const about = [field_type, ...(required ? [] : ['optional']), ...(description ? [description] : [])];
          return visibleText(`  ${name}${filled}  (${about.join(', ')})`);
        }),
      ];

function statements(screen: Screen, { decisions, comments, questions, resolution_data }: Approval): string[] {
  const people = [
    ...decisions.map(({ at, by, verdict, note, on_behalf_of }) => {
      const what = on_behalf_of ? `${verdict}, in the place of ${on_behalf_of}` : verdict;
      return { at, by, text: note ? `${what}: ${note}` : what };
    }),
    ...questions.flatMap(({ at, by, text, answer }) => [
      { at, by, text: `asks: “${text}”` },
      ...(answer ? [{ at: answer.at, by: answer.by, text: `answers, unchecked: “${answer.text}”` }] : []),
    ]),
    ...comments.map(({ at, by, text }) => ({ at, by, text: `“${text}”` })),
  ].toSorted((a, b) => a.at - b.at);
  const grant = resolution_data?.grant;
  return [
    ...(people.length > 0 ? [screen.paint('dim', 'Said')] : []),
    ...people.map(({ at, by, text }) => visibleText(`  ${when(at)}  ${by ?? 'the system'}  ${text}`)),
    ...(grant ? [`  granted for ${plural(grant.expires_in, 'second')}`] : []),
  ];
}
