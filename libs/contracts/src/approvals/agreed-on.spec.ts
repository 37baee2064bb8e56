import { describe, expect, it } from 'vitest';
import { agreedOn } from './agreed-on.js';
import type { Approval } from './approval.js';
import { atSeconds } from '../time/time.js';

const tool_args = { service_name: 'auth-service', version: '2.1.0' };
const decision = {
  by: 'eve',
  verdict: 'approved' as const,
  note: null,
  at: atSeconds(1_800_000_000),
  groups: [],
  on_behalf_of: null,
  delegation_id: null,
};
const approved = { tool_args, decisions: [decision], approved_args: null, resolution_data: null };

describe('what others have approved before', () => {
  it('is nothing while nobody has', () => {
    expect(agreedOn({ ...approved, decisions: [] })).toBeNull();
    expect(agreedOn({ ...approved, decisions: [{ ...decision, verdict: 'rejected' }] })).toBeNull();
  });

  it('is the call as it was asked for, unless they have changed it', () => {
    expect(agreedOn(approved)).toEqual({});
    const approved_args = { ...tool_args, version: '2.1.1' };
    expect(agreedOn({ ...approved, approved_args })).toEqual({ tool_args: approved_args });
  });

  it('is what they have filled in, apart from what they have edited', () => {
    const said = { values: { ticket: 'OPS-1' }, grant: { expires_in: 60, arguments: { version: '3' } } };
    const withArgs = (approved_args: Approval['approved_args']) =>
      agreedOn({ ...approved, resolution_data: said, approved_args });
    expect(withArgs({ ...tool_args, ticket: 'OPS-1' })).toEqual(said);
    expect(withArgs({ ...tool_args, version: '3', ticket: 'OPS-1' })).toEqual({
      ...said,
      tool_args: { ...tool_args, version: '3' },
    });
  });

  it('is that it was done by hand', () => {
    expect(agreedOn({ ...approved, resolution_data: { result: 'done' } })).toEqual({ result: 'done' });
  });
});
