import { describe, expect, it } from 'vitest';
import { actOf } from './act.js';
import { principalOf } from './principal.js';

const ada = { subject: 'Ada@Example.com', roles: ['approver' as const], groups: [] };

describe('who did something', () => {
  it.each([
    ['key', { id: 'k1' }, 'api_key', 'k1'],
    ['session', { id: 's1', key_id: 'k1' }, 'user', 'k1'],
    ['session', { id: 's1' }, 'user', 's1'],
    ['jwt', { id: 'https://login.example.com' }, 'user', 'https://login.example.com'],
    ['channel', {}, 'app_user', null],
  ] as const)(
    'by %s %j is of the type %s, by their one name and the id of their credential',
    (via, of, authtype, id) => {
      const { authclaims, ...act } = actOf(principalOf(ada, via, of));
      expect(act).toEqual({ authtype, authid: 'ada@example.com' });
      expect(JSON.parse(authclaims!)).toEqual({ via, credential: id });
    },
  );

  it('came from the address of the request, where there was one', () => {
    const { authclaims } = actOf({ ...principalOf(ada, 'key', { id: 'k1' }), address: '192.0.2.7' });
    expect(JSON.parse(authclaims!)).toEqual({ via: 'key', credential: 'k1', address: '192.0.2.7' });
  });

  it('names the command by which they did', () => {
    expect(actOf(principalOf(ada, 'key'), { id: 'c-1' })).toMatchObject({ causationid: 'c-1' });
  });
});
