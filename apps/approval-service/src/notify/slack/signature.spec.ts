import { after, atMillis, toEpochSeconds } from '@countersign/contracts/time';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { now } from '../../../test/notify.fixtures.js';
import { verifySlackRequest } from './signature.js';

const secret = '8f742231b10e8888abcd99yyyzzz85a5';
const body = 'payload=%7B%22type%22%3A%22block_actions%22%7D';
const at = String(toEpochSeconds(now));
const signed = (timestamp = at, given = body, key = secret) => ({
  'x-slack-request-timestamp': timestamp,
  'x-slack-signature': `v0=${createHmac('sha256', key).update(`v0:${timestamp}:${given}`).digest('hex')}`,
});

describe('a request', () => {
  it('is known by the example that Slack gives', () => {
    const example =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    expect(verifySlackRequest(secret, headers, example, atMillis(1_531_420_618_000))).toBe(true);
  });

  it.each([
    ['as text', body],
    ['as bytes', Buffer.from(body)],
  ])('of Slack is let in, its body %s', (_, given) => {
    expect(verifySlackRequest(secret, signed(), given, now)).toBe(true);
  });

  it.each([
    ['five minutes old', after(now, 300_000), true],
    ['older', after(now, 301_000), false],
    ['replayed the next day', after(now, 86_400_000), false],
    ['from five minutes ahead', after(now, -300_000), true],
    ['from further ahead', after(now, -301_000), false],
  ])('%s', (_, then, expected) => {
    expect(verifySlackRequest(secret, signed(), body, then)).toBe(expected);
  });

  const { 'x-slack-signature': signature } = signed();
  it.each<[string, Record<string, string | string[]>]>([
    ['signed with another secret', signed(at, body, 'other')],
    ['signed for another body', signed(at, 'payload=%7B%7D')],
    ['signed for another time', { ...signed(String(toEpochSeconds(now) - 1)), 'x-slack-request-timestamp': at }],
    ['not signed', { 'x-slack-request-timestamp': at }],
    ['without a time', { 'x-slack-signature': signature }],
    ['whose time is none', signed('now')],
    ['whose time is endless', signed('1e400')],
    ['signed in a version that is not known', { ...signed(), 'x-slack-signature': signature.replace('v0=', 'v1=') }],
    ['with half a signature', { ...signed(), 'x-slack-signature': signature.slice(0, 20) }],
    ['with a signature and more', { ...signed(), 'x-slack-signature': `${signature}00` }],
    ['with letters of another length', { ...signed(), 'x-slack-signature': signature.replace(/.$/, 'ä') }],
    ['with two signatures', { ...signed(), 'x-slack-signature': [signature, signature] }],
  ])('%s is refused', (_, headers) => {
    expect(verifySlackRequest(secret, headers as Record<string, string>, body, now)).toBe(false);
  });

  it('is refused as long as no secret is known', () => {
    expect(verifySlackRequest('', signed(at, body, ''), body, now)).toBe(false);
  });
});
