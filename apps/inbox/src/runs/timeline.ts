import type { Approval } from '@countersign/contracts/approvals';
import type { Execution } from '@countersign/contracts/executions';
import { titleLine } from '@countersign/contracts/presentation';
import type { EpochSeconds } from '@countersign/contracts/time';

import { callOf } from '../calls/call-of.js';

/** An event of a run, as far as a timeline tells it. */
export interface RunEvent {
  event: string;
  /** Seconds since 1970. */
  created_at: EpochSeconds;
  input?: string | undefined;
  content?: string | null | undefined;
  reason?: string | null | undefined;
  error?: string | null | undefined;
  tool?: { tool_call_id: string; tool_name: string } | null | undefined;
}

/** One thing that happened in a run. */
export interface Entry {
  key: string;
  at: EpochSeconds;
  kind: 'run' | 'model' | 'call' | 'approval' | 'execution';
  title: string;
  /** The text, unchanged. */
  text?: string | null | undefined;
  tone?: 'good' | 'bad' | 'wait';
  /** The record that it is about. */
  about?: { page: 'inbox' | 'executions'; id: string };
  /** The call that it is about. */
  call?: string;
  /** Which part of the story of a call or a run it is, where the order depends on it. */
  step?: 'asks' | 'begins' | 'ends' | 'goes_on';
  /** Which attempt of an execution begins here. */
  attempt?: number;
}

/** All that happened in a run, in order, from what its three services know of it. */
export function timelineOf(
  events: readonly RunEvent[],
  approvals: readonly Approval[],
  executions: readonly Execution[],
): Entry[] {
  const results = new Map(executions.map(({ tool_call_id, result }) => [tool_call_id, result]));
  const names = new Map(approvals.map((approval) => [approval.tool_call_id, titleLine(callOf(approval))]));
  const timeline = events
    .flatMap((event, n) => entriesOf(event, n, names))
    .filter(({ kind, call, step }) => !(kind === 'call' && step === 'begins' && results.has(call!)))
    // What a call returned stands where it was made.
    .map((entry) =>
      entry.call && entry.text && results.get(entry.call) === entry.text ? { ...entry, text: null } : entry,
    );
  const asides = [
    ...approvals.flatMap((approval) => approvalEntries(approval, names)),
    ...executions.flatMap((execution) => executionEntries(execution, names)),
  ];
  for (const entry of asides.toSorted((a, b) => a.at - b.at)) timeline.splice(indexFor(entry, timeline), 0, entry);
  return timeline;
}

/** Services tell times in whole seconds: within one, what came of a call stands after all that led to it. */
function indexFor({ at, call, kind }: Entry, timeline: readonly Entry[]): number {
  const follows = (other: Entry): boolean =>
    other.at > at ||
    (other.kind === 'call' && other.call === call && (other.step === 'ends' || kind === 'approval')) ||
    (other.at === at && other.step === 'goes_on');
  const index = timeline.findIndex(follows);
  return index < 0 ? timeline.length : index;
}

/** What each call is called, by its id. */
type Names = ReadonlyMap<string, string>;

function entriesOf({ event, created_at: at, tool, ...rest }: RunEvent, n: number, names: Names): Entry[] {
  const name = tool && (names.get(tool.tool_call_id) ?? tool.tool_name);
  const entry = (kind: Entry['kind'], title: string, more: Partial<Entry> = {}): Entry[] => [
    { key: `run ${n}`, at, kind, title, ...more },
  ];
  const call = tool && { call: tool.tool_call_id };
  switch (event) {
    case 'RunStarted':
      return entry('run', 'The run began', { text: rest.input });
    case 'RunContentCompleted':
      return entry('model', 'The model', { text: rest.content });
    case 'ToolCallStarted':
      return entry('call', `The call of ${name} is made`, { ...call, step: 'begins' });
    case 'ToolCallCompleted':
      return entry('call', `${name} was answered`, { text: rest.content, ...call, step: 'ends' });
    case 'ToolCallError':
      return entry('call', `${name} was answered`, { text: rest.error, tone: 'bad', ...call, step: 'ends' });
    case 'RunPaused':
      return entry('run', 'The run waits', { tone: 'wait' });
    case 'RunContinued':
      return entry('run', 'The run goes on', { step: 'goes_on' });
    case 'RunCompleted':
      return entry('run', 'The run is complete', { tone: 'good' });
    case 'RunCancelled':
      return entry('run', 'The run was cancelled', { text: rest.reason, tone: 'bad' });
    case 'RunError':
      return entry('run', 'The run failed', { text: rest.content, tone: 'bad' });
    default:
      return [];
  }
}

function approvalEntries(approval: Approval, names: Names): Entry[] {
  const name = names.get(approval.tool_call_id)!;
  const { id, tool_call_id, created_at, decisions, status, resolved_at, grant_id, break_glass, reviewed } = approval;
  const common = { kind: 'approval', about: { page: 'inbox', id }, call: tool_call_id } as const;
  const requested: Entry = {
    key: `asked ${id}`,
    step: 'asks',
    at: created_at,
    title: `${name} needs an approval`,
    ...common,
  };
  const decided = decisions.map(({ verdict, by, at, note, on_behalf_of }, n): Entry => ({
    key: `decided ${id} ${n}`,
    at,
    title:
      break_glass?.by === by && break_glass?.at === at
        ? `${by} broke glass and approved ${name} alone`
        : `${by ?? (grant_id ? 'A standing grant' : 'The rules')} ${verdict} ${name}${on_behalf_of ? ` in the place of ${on_behalf_of}` : ''}`,
    text: note,
    tone: verdict === 'approved' ? 'good' : 'bad',
    ...common,
  }));
  const asked = approval.questions.flatMap(({ id: question, by, at, text, answer }): Entry[] => [
    { key: `question ${question}`, at, title: `${by} asks about ${name}`, text, tone: 'wait', ...common },
    ...(answer
      ? [{ key: `answer ${question}`, at: answer.at, title: `${answer.by} answers`, text: answer.text, ...common }]
      : []),
  ]);
  const review: Entry[] = reviewed
    ? [
        {
          key: `reviewed ${id}`,
          at: reviewed.at,
          title: `${reviewed.by} reviewed that glass was broken for ${name}`,
          text: reviewed.text,
          ...common,
        },
      ]
    : [];
  const over: Entry[] =
    status === 'expired' || status === 'cancelled' || (decisions.length === 0 && status !== 'pending')
      ? [
          {
            key: `over ${id}`,
            at: resolved_at ?? created_at,
            title:
              status === 'cancelled'
                ? `${name} was not decided: the run was over`
                : `The approval of ${name} is ${status}`,
            ...common,
          },
        ]
      : [];
  return [requested, ...asked, ...decided, ...over, ...review];
}

const outcomes = {
  succeeded: [(name: string) => `${name} was made`, 'good'],
  failed: [(name: string) => `${name} failed`, 'bad'],
  outcome_unknown: [(name: string) => `The outcome of ${name} is unknown`, 'wait'],
} as const;

function executionEntries(
  { id, tool_name, tool_call_id, attempts, reconciled, status }: Execution,
  names: Names,
): Entry[] {
  const name = names.get(tool_call_id) ?? tool_name;
  const common = { kind: 'execution', about: { page: 'executions', id }, call: tool_call_id } as const;
  const entries = attempts.flatMap(({ attempt, started_at, ended_at, outcome, reason }): Entry[] => {
    const which = attempts.length > 1 ? ` (attempt ${attempt})` : '';
    const began: Entry = {
      key: `began ${id} ${attempt}`,
      attempt,
      at: started_at,
      title: `The executor makes the call of ${name}${which}`,
      ...common,
    };
    if (ended_at === null || outcome === null) return [began];
    const [what, tone] = outcomes[outcome];
    return [
      began,
      { key: `ended ${id} ${attempt}`, at: ended_at, title: `${what(name)}${which}`, text: reason, tone, ...common },
    ];
  });
  if (reconciled)
    entries.push({
      key: `settled ${id}`,
      at: reconciled.at,
      title: `${reconciled.by ?? 'The target'} says that ${name} ${status === 'succeeded' ? 'was done' : 'was not done'}`,
      text: reconciled.note,
      ...common,
    });
  return entries;
}

/** Several entries of one kind that follow each other. */
export interface Fold {
  key: string;
  title: string;
  entries: Entry[];
}

const mostUnfolded = 3;

/** The timeline with many requests in a row as one. */
export function folded(timeline: readonly Entry[]): (Entry | Fold)[] {
  const groups: Entry[][] = [];
  for (const entry of timeline) {
    const last = groups.at(-1);
    if (entry.step === 'asks' && last?.[0]?.step === 'asks') last.push(entry);
    else groups.push([entry]);
  }
  return groups.flatMap((entries): (Entry | Fold)[] =>
    entries.length <= mostUnfolded
      ? entries
      : [{ key: `all of ${entries[0]!.key}`, title: `${entries.length} calls need an approval`, entries }],
  );
}
