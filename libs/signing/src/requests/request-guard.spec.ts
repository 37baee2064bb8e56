import { parseEventData, type EventData, type EventName } from '@countersign/contracts';
import { callDigest } from '@countersign/contracts/calls';
import { atSeconds } from '@countersign/contracts/time';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generateKey, keysFromText } from '../keys/key-ring.js';
import { requestClaimsOf } from './request-claims.js';
import { RequestGuard } from './request-guard.js';
import { runEndClaimsOf, type RunEnd } from './run-end-claims.js';
import { signRequest, signResult, signRunEnd } from '../signature/sign.js';
import { Verifier } from '../signature/verifier.js';

type Request = EventData<'tool.approval_required'>;

const goldenData = <N extends EventName>(name: N): EventData<N> => {
  const file = new URL(`../../../contracts/fixtures/v1/${name}.json`, import.meta.url);
  return parseEventData(name, (JSON.parse(readFileSync(file, 'utf8')) as { data: unknown }).data);
};
const newRing = async () => keysFromText(JSON.stringify(await generateKey()));
const [ring, foreign] = [await newRing(), await newRing()];
const at = atSeconds(1_788_255_000);
const golden = goldenData('tool.approval_required');

async function guardOf(policy: 'signed' | 'trusted' = 'signed'): Promise<RequestGuard> {
  const guard = new RequestGuard(policy, () => Verifier.fromKeyRing(ring));
  await guard.open();
  return guard;
}
const signed = async (request: Request, key = ring.signingKey): Promise<Request> => ({
  ...request,
  signature: await signRequest(key, requestClaimsOf(request, at)),
});
const ended = async <E extends RunEnd>(event: E, key = ring.signingKey): Promise<E> => ({
  ...event,
  data: { ...event.data, signature: await signRunEnd(key, runEndClaimsOf(event, at)) },
});
const endOf = (type: RunEnd['type']): RunEnd => ({ type, data: goldenData(type) }) as RunEnd;

describe('a request that a runner signed', () => {
  it('is believed', async () => {
    expect(await (await guardOf()).problemWithRequest(await signed(golden))).toBeUndefined();
  });

  const { requirement } = golden;
  const call = requirement.tool_execution;
  const annotations = {
    server: 's',
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  };
  const others = { tool_args: { service_name: 'search', version: '1.0.0' } };
  it.each<[string, Partial<Request>, RegExp]>([
    ['nothing signed', { signature: null }, /not signed/],
    ['another signature', { signature: 'a.b.c' }, /compact JWS|header/],
    ['other arguments', others, /arguments/],
    ['other arguments with their digest', { ...others, digest: callDigest({ ...golden, ...others }) }, /not the one/],
    ['another approval', { approval_id: 'approval-2' }, /not the one/],
    ['another agent', { agent_id: 'support' }, /not the one/],
    ['another session', { session_id: 'session-2' }, /not the one/],
    ['another user', { user_id: null }, /not the one/],
    ['another sender', { requested_by: 'eve' }, /not the one/],
    ['only a record', { approval_type: 'audit' }, /not the one/],
    ['another pause', { pause_type: 'confirmation' }, /not the one/],
    ['another name of the agent', { source_name: 'Security' }, /not the one/],
    ['another schema', { parameters: {} }, /not the one/],
    ['another definition of the tool', { tool_version: 'version-2' }, /not the one/],
    ['another word of its server', { annotations }, /not the one/],
    ['another reason', { context: { reason: 'Ada said so.' } }, /not the one/],
    ['other secrets', { requirement: { ...requirement, tool_execution: { ...call, redact: ['version'] } } }, /not the/],
  ])('is not believed with %s', async (_, change, reason) => {
    const request = { ...(await signed(golden)), ...change };
    expect(await (await guardOf()).problemWithRequest(request)).toMatch(reason);
  });

  it('is not believed when its signature says something else, or is that of somebody else', async () => {
    const guard = await guardOf();
    expect(await guard.problemWithRequest(await signed(golden, foreign.signingKey))).toMatch(/not known/);
    const end = await signRunEnd(ring.signingKey, runEndClaimsOf(endOf('run.cancelled'), at));
    expect(await guard.problemWithRequest({ ...golden, signature: end })).toMatch(/type of the signed text/);
    const result = await signResult(ring.signingKey, {
      execution_id: 'e',
      approval_id: 'a',
      run_id: 'r',
      tool_call_id: 'c',
      tool_name: 't',
      attempt: 1,
      outcome: 'succeeded',
      digest: '',
      result_digest: '',
    });
    expect(await guard.problemWithRequest({ ...golden, signature: result })).toMatch(/type of the signed text/);
  });

  it('is still believed when a later version adds a field to it', async () => {
    const request = await signed(golden);
    const later = parseEventData('tool.approval_required', { ...request, of_a_later_version: 1 });
    expect(await (await guardOf()).problemWithRequest(later)).toBeUndefined();
  });
});

describe('the end of a run', () => {
  it.each(['run.completed', 'run.failed', 'run.cancelled'] as const)('%s is believed when signed', async (type) => {
    const guard = await guardOf();
    const event = await ended(endOf(type));
    expect(await guard.problemWithEnd(event)).toBeUndefined();
    expect(await guard.problemWithEnd(endOf(type))).toMatch(/not signed/);
    const ofAnother = { ...event, data: { ...event.data, run_id: 'run-2' } } as RunEnd;
    expect(await guard.problemWithEnd(ofAnother)).toMatch(/not the one/);
    expect(await guard.problemWithEnd(await ended(endOf(type), foreign.signingKey))).toMatch(/not known/);
  });

  it('voids only what it named when it was signed', async () => {
    const event = await ended(endOf('run.cancelled') as Extract<RunEnd, { type: 'run.cancelled' }>);
    const requirement = golden.requirement;
    const more = { ...event, data: { ...event.data, requirements: [...event.data.requirements, requirement] } };
    expect(await (await guardOf()).problemWithEnd(more)).toMatch(/not the one/);
    const failed = { type: 'run.failed', data: { ...event.data, error: event.data.reason ?? '' } } as RunEnd;
    expect(await (await guardOf()).problemWithEnd(failed)).toMatch(/not the one/);
  });
});

it('where whoever may write is trusted, everything is believed but a digest of other arguments', async () => {
  const guard = await guardOf('trusted');
  expect(await guard.problemWithRequest(golden)).toBeUndefined();
  expect(await guard.problemWithEnd(endOf('run.failed'))).toBeUndefined();
  expect(await guard.problemWithRequest({ ...golden, tool_args: {} })).toMatch(/arguments/);
});
