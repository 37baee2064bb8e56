import type { EventData } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import type { Run } from '@countersign/contracts/runs';
import { atSeconds } from '@countersign/contracts/time';
import { generateKey, keysFromText, RequestGuard, Verifier } from '@countersign/signing';
import { goldenEvent } from '@countersign/testing';
import { expect, it } from 'vitest';
import { RequestSigner } from './request-signer.js';

const ring = await keysFromText(JSON.stringify(await generateKey()));
const signer = new RequestSigner(async () => ring);
await signer.open();
const guard = new RequestGuard('signed', () => Verifier.fromKeyRing(ring));
await guard.open();

const state = { updated_at: 1_788_255_000, set_back_at: null } as Run;
const golden = goldenEvent('tool.approval_required');
const secretive = (redact: string[]) => {
  const { requirement } = golden.data;
  const tool_execution = { ...requirement.tool_execution, redact };
  return { ...golden, data: { ...golden.data, requirement: { ...requirement, tool_execution } } };
};
const sealed = async (redact: string[]) => {
  const { events } = await signer.sign(state, [secretive(redact)]);
  return events[0]!.data as EventData<'tool.approval_required'>;
};

it('a request is signed, and has no salt where nothing is redacted', async () => {
  const data = await sealed([]);
  expect(data).toMatchObject({ salt: null, digest: golden.data.digest });
  expect(await guard.problemWithRequest(data)).toBeUndefined();
});

it('the digest of a call with redacted arguments has a salt that is always the same, and nobody else can make', async () => {
  const data = await sealed(['version']);
  expect(data.salt).toMatch(/^[0-9a-f]{64}$/);
  expect(data.digest).toBe(callDigest(data));
  expect(data.digest).not.toBe(callDigest({ ...data, salt: null }));
  expect((await sealed(['version'])).salt).toBe(data.salt);
  expect(await guard.problemWithRequest(data)).toBeUndefined();
  expect(await guard.problemWithRequest({ ...data, salt: null })).toMatch(/digest/);
  const other = new RequestSigner(async () => keysFromText(JSON.stringify(await generateKey())));
  await other.open();
  const { events } = await other.sign(state, [secretive(['version'])]);
  expect((events[0]!.data as { salt: string }).salt).not.toBe(data.salt);
});

it('a request of a run that a restore of the store may have set back says so under its signature', async () => {
  const began: number[] = [];
  const restored = new RequestSigner(
    async () => ring,
    (at) => (began.push(at), 'set_back'),
  );
  await restored.open();
  const { events } = await restored.sign(state, [{ ...golden, data: { ...golden.data, run_began_at: atSeconds(7) } }]);
  const data = events[0]!.data as EventData<'tool.approval_required'>;
  expect(data).toMatchObject({ run_began_at: 7, set_back: 'set_back' });
  expect(began).toEqual([7_000]);
  expect(await guard.problemWithRequest(data)).toBeUndefined();
  // Named, and unknown here: it may have come first up to a day before.
  const named = { ...state, set_back_at: atSeconds(100_000) };
  for (const run_began_at of [atSeconds(100_000), atSeconds(7)])
    await restored.sign(named, [{ ...golden, data: { ...golden.data, run_began_at } }]);
  expect(began).toEqual([7_000, 13_600_000, 0]);
  for (const change of [{ set_back: null }, { run_began_at: null }, { run_began_at: atSeconds(8) }])
    expect(await guard.problemWithRequest({ ...data, ...change })).toMatch(/not the one/);
});
