import { Presentation } from '@countersign/contracts/presentation';
import type { TeamsChannel } from '@countersign/definitions';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approvalWith, approvalWithSecret, approved, channelOf, noticeOf, now } from '../../../test/notify.fixtures.js';
import { startReceiver, type Receiver } from '../../../test/receiver.fixtures.js';
import { TeamsSender } from './sender.js';

const never = new AbortController().signal;

describe('a channel of Microsoft Teams', () => {
  let teams: Receiver;
  beforeEach(async () => {
    teams = await startReceiver();
  });
  afterEach(() => teams.stop());

  const send = (notice = noticeOf(approvalWith())) => {
    const entry = { url: `${teams.url}/workflows/1?sig=secret`, base_url: 'https://inbox.example' };
    const channel = channelOf({ name: 'ops', teams: entry }) as TeamsChannel;
    return new TeamsSender({ teams: channel.teams, now: () => now }).send(notice, never);
  };
  interface Card {
    body: { type: string; inlines: { type: string; text: string }[] }[];
    actions: object[];
  }
  const card = () =>
    (JSON.parse(teams.received.at(-1)!.body) as { attachments: { content: Card }[] }).attachments[0]!.content;
  const texts = () => card().body.map(({ inlines }) => inlines.map(({ text }) => text).join(''));

  it('has a digest that only lists, the riskiest first, as many as there is room for', async () => {
    const channel = channelOf({
      name: 'ops',
      teams: { url: teams.url, base_url: 'https://inbox.example' },
    }) as TeamsChannel;
    const long = '字'.repeat(1_000);
    const approvals = Array.from({ length: 40 }, (_, n) => approvalWith({ id: `a-${n}`, source_name: long }));
    const risky = { ...approvals[39]!, source_name: 'Risky', presentation: Presentation.parse({ risk: 'high' }) };
    const sender = new TeamsSender({ teams: channel.teams, now: () => now });
    await sender.sendDigest(
      { approvals: [...approvals.slice(0, 39), risky], delivery: noticeOf(approvalWith()).delivery },
      never,
    );
    expect(texts().slice(0, 2)).toEqual(['40 calls wait for a decision', expect.stringMatching(/^Risky,.*High risk/)]);
    expect(texts().at(-1)).toBe('and 10 more');
    expect(card().actions).toMatchObject([{ url: 'https://inbox.example/inbox' }]);
    expect(Buffer.byteLength(teams.received.at(-1)!.body)).toBeLessThan(28_000);
  });

  it('is posted to, with all of the call and a link, and no button that decides', async () => {
    expect(await send()).toEqual({ type: 'sent', detail: 'HTTP 204', receipt: null });
    expect(teams.received).toMatchObject([{ method: 'POST', path: '/workflows/1?sig=secret' }]);
    expect(texts().join('\n')).toMatch(
      /Approval needed[^]*requests deploy_to_production[^]*service_name: auth-service/,
    );
    const { id } = approvalWith();
    expect(card().actions).toEqual([
      { type: 'Action.OpenUrl', title: 'Open in the inbox', url: `https://inbox.example/inbox/approvals/${id}` },
    ]);
  });

  it('is sent text alone, whatever a model writes', async () => {
    const context = { ...approvalWith().context, reason: '[Approve](https://evil.example) **now**' };
    await send(noticeOf(approvalWith({ context })));
    expect(new Set(card().body.map(({ type }) => type))).toEqual(new Set(['RichTextBlock']));
    expect(texts()).toContain('[Approve](https://evil.example) **now**');
  });

  it('is sent no redacted argument, and the outcome', async () => {
    await send(noticeOf(approvalWithSecret()));
    expect(teams.received[0]!.body).not.toContain('s3cret');
    await send(noticeOf(approved(), 'resolved'));
    expect(texts()).toContain('Approved by bob');
  });

  it('is sent no more than it takes, and how much is missing', async () => {
    await send(noticeOf(approvalWith({ tool_args: { script: '設定を変える\n'.repeat(9_000) } })));
    expect(Buffer.byteLength(teams.received[0]!.body)).toBeLessThan(28_000);
    expect(texts().join('\n')).toMatch(/and \d+ more characters/);
  });

  it.each([
    [400, 'failed_for_good'],
    [302, 'failed_for_good'],
    [429, 'failed_for_now'],
    [503, 'failed_for_now'],
  ])('that answers %i has %s', async (status, type) => {
    teams.answerWith(() => ({ status, headers: { location: 'https://elsewhere.example', 'retry-after': '7' } }));
    expect(await send()).toMatchObject({ type, ...(type === 'failed_for_now' && { retry_after_ms: 7_000 }) });
    expect(teams.received).toHaveLength(1);
  });
});
