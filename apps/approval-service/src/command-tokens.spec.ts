import { generateKey, keysFromText, type KeyRing } from '@countersign/signing';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { now } from './approval.given.js';
import { somebody } from './approvals.given.js';
import { CommandTokens } from './command-tokens.js';

const bob = somebody('bob', 'approver', ['ops', 'leads']);
const minute = { expires_in: 60 };
const newRing = async () => keysFromText(JSON.stringify(await generateKey()));

describe('a token with which somebody decides over the bus', () => {
  let ring: KeyRing;
  let clock: number;
  let tokens: CommandTokens;
  beforeAll(async () => {
    ring = await newRing();
    clock = now;
    tokens = new CommandTokens(
      () => ring,
      () => clock,
    );
  });

  it('says who it is, with the roles and groups that they had', async () => {
    const principal = await tokens.verify(await tokens.issue(bob, minute), 'approval-1');
    expect(principal).toMatchObject({ subject: 'bob', roles: ['approver'], groups: ['ops', 'leads'] });
    expect(principal.scopes).toContain('approvals:write');
  });

  it('is over after as long as was asked for', async () => {
    const token = await tokens.issue(bob, minute);
    clock += 59_000;
    expect(await tokens.verify(token, 'approval-1')).toMatchObject({ subject: 'bob' });
    clock += 2_000;
    await expect(tokens.verify(token, 'approval-1')).rejects.toMatchObject({ status: 401 });
  });

  it('is for one thing alone when that was asked for, whoever reads it on the topic', async () => {
    const token = await tokens.issue(bob, { ...minute, for: 'approval-1' });
    expect(await tokens.verify(token, 'approval-1')).toMatchObject({ subject: 'bob' });
    await expect(tokens.verify(token, 'approval-2')).rejects.toMatchObject({
      status: 403,
      detail: 'The token is for "approval-1", and this is something else.',
    });
  });

  it('is not believed when another key signed it', async () => {
    const other = await newRing();
    const forged = await new CommandTokens(
      () => other,
      () => clock,
    ).issue(bob, minute);
    await expect(tokens.verify(forged, 'approval-1')).rejects.toMatchObject({
      status: 401,
      detail: expect.stringContaining('/auth/tokens'),
    });
  });

  it.each(['', 'no token', 'a.b.c'])('is not "%s"', async (text) => {
    await expect(tokens.verify(text, 'approval-1')).rejects.toMatchObject({ status: 401 });
  });

  it('is of its kind, whatever else the same key signs', async () => {
    const sign = (typ: string, audience: string, claims: object) =>
      new SignJWT({ roles: ['admin'], groups: [], ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: ring.signingKey.kid, typ })
        .setSubject('eve')
        .setIssuer('countersign')
        .setAudience(audience)
        .setExpirationTime(Math.floor(clock / 1000) + 60)
        .sign(ring.signingKey.privateKey);
    const kind = 'countersign-command+jwt';
    expect(await tokens.verify(await sign(kind, 'countersign-commands', {}), 'approval-1')).toMatchObject({
      subject: 'eve',
    });
    for (const other of [
      sign('JWT', 'countersign-commands', {}),
      sign(kind, 'elsewhere', {}),
      sign(kind, 'countersign-commands', { roles: ['root'] }),
      sign(kind, 'countersign-commands', { for: ['approval-1'] }),
      sign(kind, 'countersign-commands', { groups: 'ops' }),
    ])
      await expect(tokens.verify(await other, 'approval-1')).rejects.toMatchObject({ status: 401 });
  });

  it('still counts while an older key of the ring is trusted', async () => {
    const token = await tokens.issue(bob, minute);
    const next = await newRing();
    ring = { signingKey: next.signingKey, publicKeys: [...next.publicKeys, ...ring.publicKeys] };
    expect(await tokens.verify(token, 'approval-1')).toMatchObject({ subject: 'bob' });
    ring = next;
    await expect(tokens.verify(token, 'approval-1')).rejects.toMatchObject({ status: 401 });
  });
});
