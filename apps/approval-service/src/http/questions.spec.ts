import type { EventData } from '@countersign/contracts';
import { NoticeKind } from '@countersign/contracts/deliveries';
import { after } from '@countersign/contracts/time';
import { goldenEvent } from '@countersign/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requestFor } from '../../test/approval.fixtures.js';
import { openApprovals, somebody, type OpenedApprovals } from '../../test/approvals.fixtures.js';
import { webhookTo } from '../../test/notify.fixtures.js';

const event = requestFor({ user_id: 'ana', requested_by: 'platform' });
const id = event.data.approval_id;
const [bob, carol, viewer] = [somebody('bob'), somebody('carol'), somebody('vera', 'viewer')];
const [ana, platform, other] = ['ana', 'platform', 'other'].map((name) => somebody(name, 'requester'));
const text = 'Is the migration done?';

let open: OpenedApprovals;
beforeEach(async () => {
  open = await openApprovals({ channels: [{ ...webhookTo('http://127.0.0.1:9/'), on: NoticeKind.options }] });
  await open.events.required(event);
});
afterEach(() => open.close());

const askedBy = async (who = bob) => (await open.http.ask(id, { text }, who)).questions.at(-1)!;
const answer = (question_id: string, who: typeof bob, words = 'Since Monday.') =>
  open.http.answer(id, question_id, { text: words }, who);

describe('a question over HTTP', () => {
  it.each([
    ['for whom it is', ana!],
    ['who sent the request for somebody', platform!],
    ['an administrator', somebody('adam', 'admin')],
    ['a colleague of who asked', carol],
  ])('is answered by %s, and kept as their words', async (_, who) => {
    const asked = await askedBy();
    const { questions, digest } = await answer(asked.id, who);
    expect(questions).toMatchObject([{ by: 'bob', text, answer: { by: who.subject, text: 'Since Monday.' } }]);
    expect(digest).toBe((await open.store.get(id))!.digest);
    const told = open.last('approval.question_answered')!;
    expect(told.data).toMatchObject({ question_id: asked.id, user_id: 'ana', requested_by: 'platform' });
    expect(told).toMatchObject({ authid: who.subject });
  });

  it.each([
    ['may_not_answer', 'who asked', bob, { code: 'may_not_answer' }],
    ['missing_scope', 'who only looks on', viewer, { code: 'missing_scope' }],
    ['approval_not_found', 'who requests other things', other!, { code: 'approval_not_found' }],
  ])('is %s for %s', async (_, __, who, problem) => {
    const asked = await askedBy();
    await expect(answer(asked.id, who)).rejects.toMatchObject(problem);
    expect((await open.store.get(id))!.questions).toMatchObject([{ answer: null }]);
  });

  it('is not asked by who requested it, nor by who only looks on', async () => {
    await expect(askedBy(somebody('ana'))).rejects.toMatchObject({ code: 'may_not_decide' });
    await expect(askedBy(other!)).rejects.toMatchObject({ code: 'approval_not_found' });
  });

  it('lets nobody else approve meanwhile, alone or with others, and everybody reject', async () => {
    await askedBy();
    const approve = { status: 'approved' } as const;
    await expect(open.http.resolve(id, approve, carol)).rejects.toMatchObject({ code: 'question_open' });
    const { results } = await open.http.resolveMany({ ids: [id], ...approve }, carol);
    expect(results).toMatchObject([{ status: 409, code: 'question_open' }]);
    expect(await open.http.resolve(id, { status: 'rejected' }, carol)).toMatchObject({ status: 'rejected' });
  });

  it('is answered once', async () => {
    const { id: question } = await askedBy();
    await answer(question, ana!);
    expect(await answer(question, ana!)).toMatchObject({ version: 3 });
    await expect(answer(question, platform!)).rejects.toMatchObject({ code: 'already_answered' });
    await expect(answer('none', ana!)).rejects.toMatchObject({ code: 'question_not_found' });
    await open.http.resolve(id, { status: 'approved' }, carol);
    await expect(askedBy()).rejects.toMatchObject({ code: 'already_resolved' });
  });

  it('is answered, and the call is then not made by decisions from before a restore', async () => {
    const terms = { approvers: [{ group: 'ops' }, { group: 'dba' }], escalate: { after: '1m', to: ['leads'] } };
    const groups = { ops: ['bob', 'carol'], dba: ['dan'], leads: ['bob'] };
    const setBack = vi.fn((): 'set_back' | null => null);
    const restored = await openApprovals({ rules: { groups, policies: { default: { require: terms } } }, setBack });
    await restored.events.required(event);
    for (const who of [bob, carol]) await restored.decisions.decide(id, { status: 'approved' }, who);
    await restored.decisions.ask(id, { id: 'q', text: 'Is it done?' }, somebody('dan'));
    restored.clock.time = after(restored.clock.time, 61_000);
    await restored.approvals.execute(id, { type: 'due', set_back: null });
    setBack.mockReturnValue('set_back');
    await restored.decisions.answer(id, { question_id: 'q', text: 'Yes.' }, ana!);
    expect(await restored.store.get(id)).toMatchObject({ status: 'pending', possibly_executed: { code: 'set_back' } });
    await restored.close();
  });

  it('is published once, as is its answer', async () => {
    const { id: question } = await askedBy();
    await open.events.questionAsked(open.last('approval.question_asked')!);
    await open.events.questionAnswered({
      ...goldenEvent('approval.question_answered'),
      ...subjectOf('approval.question_asked'),
    });
    const kinds = async () =>
      (await open.deliveryStore.find({ filter: {}, sort: [], limit: 10 })).map(({ kind }) => kind).toSorted();
    expect(await kinds()).toEqual(['question']);
    await answer(question, ana!);
    for (let n = 0; n < 2; n += 1) await open.events.questionAnswered(open.last('approval.question_answered')!);
    expect(await kinds()).toEqual(['answer', 'question']);
  });

  const subjectOf = (name: 'approval.question_asked') => ({ subject: open.last(name)!.subject });
});

describe('a command to answer', () => {
  const commandOf = async (who: typeof bob, change: Partial<EventData<'approval.answer_requested'>>) => {
    const { type, data, ...head } = goldenEvent('approval.answer_requested');
    const said = { ...data, approval_id: id, ...change };
    const { token } = await open.tokens.issue(who, { command: { type, data: said }, expires_in: 60 });
    return { ...head, type, data: { ...said, token } };
  };
  const refusal = () => open.last('approval.answer_refused')?.data;

  it('counts for whoever its token says, once, however often it comes', async () => {
    const { id: question_id } = await askedBy();
    const command = await commandOf(platform!, { question_id, text: 'Since Monday.' });
    for (let n = 0; n < 2; n += 1) await open.events.answerRequested(command);
    expect((await open.store.get(id))!.questions).toMatchObject([
      { answer: { by: 'platform', text: 'Since Monday.' } },
    ]);
    expect(open.last('approval.question_answered')).toMatchObject({ causationid: command.id });
    expect(refusal()).toBeUndefined();
  });

  it('is refused without a token, with one for other words, and to somebody else', async () => {
    const { id: question_id } = await askedBy();
    const command = await commandOf(platform!, { question_id, text: 'Since Monday.' });
    await open.events.answerRequested({ ...command, data: { ...command.data, token: undefined } });
    expect(refusal()).toMatchObject({ code: 'token_missing', approval_id: id });
    await open.events.answerRequested({ ...command, data: { ...command.data, text: 'No.' } });
    expect(refusal()).toMatchObject({ code: 'token_of_another' });
    await open.events.answerRequested(await commandOf(other!, { question_id }));
    expect(refusal()).toMatchObject({ code: 'may_not_answer' });
    await expect(commandOf(bob, { question_id })).rejects.toMatchObject({ status: 403 });
    expect((await open.store.get(id))!.questions).toMatchObject([{ answer: null }]);
  });
});
