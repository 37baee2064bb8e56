import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../json/canonical-json.js';
import { callDigest } from './digest.js';
import type { ExactCall } from './exact-call.js';

const call: ExactCall = {
  run_id: 'run-1',
  tool_call_id: 'call_1',
  tool_name: 'deploy_to_production',
  tool_args: { service_name: 'auth-service', version: '2.1.0' },
};

/** RFC 8785: the examples of sections 3.2.2 and 3.2.3, and numbers of appendix B. */
describe('canonical JSON', () => {
  it('writes values and orders keys as the RFC does in its example', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders keys by UTF-16 code units', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const value = Object.fromEntries(keys.map((key) => [key, 0]));
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toHaveLength(keys.length);
    const inOrder = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33'];
    expect(canonicalJson(value)).toBe(`{${inOrder.map((key) => `${JSON.stringify(key)}:0`).join(',')}}`);
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [333333333.3333332, '333333333.3333332'],
  ])('writes the number %d as %s', (number, text) => {
    expect(canonicalJson(number)).toBe(text);
  });

  it.each([Infinity, NaN, '\ud800'])('does not exist for %j', (value) => {
    expect(() => canonicalJson({ value })).toThrow();
  });
});

describe('the digest of a call', () => {
  it('is stable: a decision of last year is still tied to its call', () => {
    expect(callDigest(call)).toBe('sha256:68c185f12f69fabbd6ca97ee53481ebaaa5e1e386b0a9fdac7c920cd80ad4520');
  });

  it('does not depend on the order of keys, nor on what else is known of the call', () => {
    const { service_name, version } = call.tool_args;
    const other = { tool_args: { version, service_name }, tool_name: call.tool_name, status: 'approved' };
    expect(callDigest({ ...other, tool_call_id: 'call_1', run_id: 'run-1' })).toBe(callDigest(call));
  });

  it.each<[string, Partial<ExactCall>]>([
    ['the run', { run_id: 'run-2' }],
    ['the call id', { tool_call_id: 'call_2' }],
    ['the tool', { tool_name: 'deploy_to_productioN' }],
    ['an argument', { tool_args: { ...call.tool_args, version: '2.1.1' } }],
    ['the type of an argument', { tool_args: { ...call.tool_args, version: 2.1 } }],
    ['the name of an argument', { tool_args: { service_name: 'auth-service', Version: '2.1.0' } }],
    ['one argument more', { tool_args: { ...call.tool_args, force: null } }],
    ['one argument less', { tool_args: { service_name: 'auth-service' } }],
    ['a space at the end', { tool_args: { ...call.tool_args, version: '2.1.0 ' } }],
  ])('changes with %s', (_, change) => {
    expect(callDigest({ ...call, ...change })).not.toBe(callDigest(call));
  });

  it('is the same for two calls exactly when they are the same call', () => {
    const json = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ noUnicodeString: false }));
    const aCall = fc.record({
      run_id: fc.constantFrom('run-1', 'run-2'),
      tool_call_id: fc.constantFrom('call_1', 'call_2'),
      tool_name: fc.constantFrom('deploy', 'undeploy'),
      tool_args: fc.oneof(fc.constantFrom({}, { a: 1 }, { a: '1' }, { a: [1] }, { a: { b: null } }), json),
    });
    fc.assert(
      fc.property(aCall, aCall, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(callDigest(one) === callDigest(other)).toBe(same);
        expect(callDigest(JSON.parse(JSON.stringify(one)) as ExactCall)).toBe(callDigest(one));
      }),
    );
  });

  it('is bound to for whom and by whom it was asked, by which rules and until when, once there are rules', () => {
    const binding = { requester: 'ana', requested_by: 'ana', policy_version: 'v1', expires_at: 1_788_300_000 };
    const bound = callDigest({ ...call, ...binding });
    expect(callDigest({ ...call, requester: 'ana', policy_version: null, expires_at: 7 })).toBe(callDigest(call));
    for (const change of [{ requester: null }, { requested_by: 'bob' }, { policy_version: 'v2' }, { expires_at: null }])
      expect(callDigest({ ...call, ...binding, ...change })).not.toBe(bound);
    expect(bound).not.toBe(callDigest(call));
  });

  it('of a call with a salt cannot be computed from the arguments alone', () => {
    const salted = callDigest({ ...call, salt: 'a' });
    expect(salted).not.toBe(callDigest(call));
    expect(salted).not.toBe(callDigest({ ...call, salt: 'b' }));
    expect(callDigest({ ...call, salt: null })).toBe(callDigest(call));
  });
});
