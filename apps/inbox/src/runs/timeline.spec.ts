import { Execution } from '@countersign/contracts/executions';
import { after } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { approvalWith, decision, now } from '../../test/approval.fixtures.js';
import { folded, timelineOf, type RunEvent } from './timeline.js';

const tool = { tool_call_id: 'call-1', tool_name: 'deploy', tool_args: {}, result: null };
const event = (event: string, more: Partial<RunEvent> = {}): RunEvent => ({ event, created_at: now, ...more });
const executed = (given: Partial<Execution>): Execution =>
  Execution.parse({
    id: 'approval-1',
    approval_id: 'approval-1',
    run_id: 'run-1',
    tool_call_id: 'call-1',
    tool_name: 'deploy',
    tool_args: {},
    digest: 'sha256:0',
    approved_by: 'bob',
    status: 'succeeded',
    attempts: [],
    result: null,
    error: null,
    note: null,
    lease: null,
    version: 1,
    due_at: null,
    traceparent: null,
    tracestate: null,
    created_at: now,
    updated_at: now,
    ...given,
  });
const attempt = (outcome: 'succeeded' | 'outcome_unknown' | null, reason: string | null = null) => ({
  attempt: 1,
  made_by: 'worker' as const,
  worker: 'w',
  reported_by: null,
  started_at: now,
  ended_at: outcome && now,
  outcome,
  reason,
  begun: true,
  late_report: null,
});
const titles = (...given: Parameters<typeof timelineOf>) => timelineOf(...given).map(({ title }) => title);

describe('the timeline of a run', () => {
  it('has what was asked and answered, and who broke glass', () => {
    const asked = { id: 'q', by: 'carol', at: now, text: 'Which region?', withdrawn_at: null };
    const answer = { by: 'ana', at: after(now, 1), text: 'All of them.' };
    const break_glass = { by: 'dave', at: after(now, 2), group: 'incident', reason: 'Fire.' };
    const approval = approvalWith({
      status: 'approved',
      questions: [{ ...asked, answer }],
      decisions: [{ ...decision('dave'), at: break_glass.at }],
      break_glass,
      review: 'closed',
      reviewed: { by: 'erin', at: after(now, 9), text: 'It was right.' },
    });
    const [requested, ...said] = titles([], [approval], []);
    expect(requested).toContain('needs an approval');
    expect(said.map((title) => title.replace(/ (?:for )?deploy.*/, ''))).toEqual([
      'carol asks about',
      'ana answers',
      'dave broke glass and approved',
      'erin reviewed that glass was broken',
    ]);
  });

  const wholeStory = [
    event('RunStarted', { input: 'Deploy.' }),
    event('RunContentCompleted', { content: 'I deploy.' }),
    event('RunPaused'),
    event('ToolCallStarted', { tool }),
    event('ToolCallCompleted', { tool, content: 'deployed' }),
    event('RunContinued'),
    event('RunCompleted'),
  ];
  const approved = approvalWith({
    tool_name: 'deploy',
    tool_args: {},
    status: 'approved',
    decisions: [decision('bob', 'approved', 'Go.')],
    created_at: now,
  });

  it('puts what three services know in order, though all of it was within a second', () => {
    expect(titles(wholeStory, [approved], [executed({ attempts: [attempt('succeeded')] })])).toEqual([
      'The run began',
      'The model',
      'The run waits',
      'deploy needs an approval',
      'bob approved deploy',
      'The executor makes the call of deploy',
      'deploy was made',
      'deploy was answered',
      'The run goes on',
      'The run is complete',
    ]);
  });

  it('goes by the time where that tells', () => {
    const late = approvalWith({
      tool_name: 'deploy',
      tool_args: {},
      created_at: after(now, -10),
      decisions: [{ ...decision('bob'), at: after(now, 5) }],
    });
    expect(titles([event('RunStarted', { created_at: after(now, -20) }), event('RunPaused')], [late], [])).toEqual([
      'The run began',
      'deploy needs an approval',
      'The run waits',
      'bob approved deploy',
    ]);
  });

  it('says what nobody saw, and who found out', () => {
    const unknown = executed({
      attempts: [attempt('outcome_unknown', 'the executor stopped')],
      reconciled: { by: 'eve', at: after(now, 1), note: 'It answers.' },
    });
    expect(timelineOf([], [], [unknown])).toMatchObject([
      { title: 'The executor makes the call of deploy' },
      { title: 'The outcome of deploy is unknown', text: 'the executor stopped', tone: 'wait' },
      { title: 'eve says that deploy was done', text: 'It answers.' },
    ]);
  });

  it('says what became of an approval that nobody decided on', () => {
    expect(
      titles([], [approvalWith({ tool_name: 'deploy', tool_args: {}, status: 'expired', resolved_at: now })], []),
    ).toEqual(['deploy needs an approval', 'The approval of deploy is expired']);
  });

  it('names the rules or a grant when nobody was asked', () => {
    const by = (grant_id: string | null) =>
      titles(
        [],
        [
          approvalWith({
            tool_name: 'deploy',
            tool_args: {},
            status: 'approved',
            grant_id,
            decisions: [{ ...decision('x'), by: null }],
          }),
        ],
        [],
      ).at(-1);
    expect([by(null), by('grant-1')]).toEqual(['The rules approved deploy', 'A standing grant approved deploy']);
  });

  it('shows a call that the runner makes itself', () => {
    expect(titles([event('ToolCallStarted', { tool }), event('ToolCallError', { tool, error: 'no' })], [], [])).toEqual(
      ['The call of deploy is made', 'deploy was answered'],
    );
  });

  it('passes over events that it does not know', () => {
    expect(titles([event('SomethingNew')], [], [])).toEqual([]);
  });

  it('says which of several calls each line is about, folds requests, and tells a result once', () => {
    const twelve = Array.from({ length: 12 }, (_, n) =>
      approvalWith({
        id: `approval-${n}`,
        tool_call_id: `call-${n}`,
        tool_name: 'restart',
        tool_args: { region: `r${n}` },
        created_at: now,
      }),
    );
    const done = executed({ tool_call_id: 'call-3', attempts: [attempt('succeeded')], result: 'restarted' });
    const answered = event('ToolCallCompleted', {
      created_at: after(now, 5),
      tool: { ...tool, tool_call_id: 'call-3' },
      content: 'restarted',
    });
    const timeline = timelineOf([event('RunPaused'), answered], twelve, [done]);
    expect(folded(timeline).map(({ title }) => title)).toEqual([
      'The run waits',
      '12 calls need an approval',
      'The executor makes the call of restart region=r3',
      'restart region=r3 was made',
      'restart region=r3 was answered',
    ]);
    expect(timeline.at(-1)).toMatchObject({ text: null });
  });

  it('does not say that somebody decided what was cancelled', () => {
    const cancelled = approvalWith({ tool_name: 'deploy', tool_args: {}, status: 'cancelled', resolved_at: now });
    expect(titles([], [cancelled], []).at(-1)).toBe('deploy was not decided: the run was over');
  });
});
