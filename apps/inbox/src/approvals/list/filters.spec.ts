import { describe, expect, it } from 'vitest';
import { approvalWith } from '../../../test/approval.fixtures.js';
import { asParameters, filtersIn, matches, queryOf } from './filters.js';

const filters = (query: string) => filtersIn(new URLSearchParams(query));

describe('filters', () => {
  it('are what the address says, and else what is pending', () => {
    expect(filters('')).toEqual({
      status: 'pending',
      tool_name: '',
      agent_id: '',
      user_id: '',
      text: '',
      view: 'mine',
      risk: '',
      environment: '',
    });
    expect(filters('status=all&text=+auth+')).toMatchObject({ status: 'all', text: 'auth', view: 'all' });
    expect(filters('view=decided')).toMatchObject({ status: 'all', view: 'decided' });
    expect(filters('text=auth')).toMatchObject({ status: 'pending', view: 'all' });
  });

  it.each([
    '',
    '?status=rejected',
    '?tool_name=deploy&text=a+b',
    '?agent_id=ops&user_id=ana%40example.com',
    '?view=others',
    '?view=mine&text=a',
    '?view=all',
    '?risk=high&environment=staging',
  ])('come back from the address that they make: %s', (query) => expect(queryOf(filters(query))).toBe(query));

  it('ask the server for any status by leaving it out', () => {
    expect(asParameters(filters('status=all'))).toMatchObject({ status: undefined });
    expect(asParameters(filters(''))).toMatchObject({ status: 'pending' });
  });

  it.each([
    ['', true],
    ['status=approved', false],
    ['status=all', true],
    ['tool_name=deploy_to_production', true],
    ['tool_name=deploy', false],
    ['user_id=ana', true],
    ['agent_id=support', false],
    ['text=AUTH+2.1', true],
    ['text=login+operations', true],
    ['text=auth+billing', false],
  ])('decide on what comes as the server does: %s', (query, isThere) => {
    expect(matches(approvalWith(), filters(query))).toBe(isThere);
  });
});
