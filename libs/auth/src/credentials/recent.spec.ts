import { secondsOf } from '@countersign/contracts/time';
import { describe, expect, it } from 'vitest';
import { Clock } from '../../test/auth.fixtures.js';
import { Recent, recentForMs } from './recent.js';

const seconds = secondsOf(recentForMs);

describe('what was read recently', () => {
  const read: string[] = [];
  const version = (n: number) => async (id: string) => (read.push(`${id}@${n}`), { version: n });

  it('is read again once its time has passed, and not before', async () => {
    const clock = new Clock();
    const recent = new Recent({ now: clock.now });
    expect(await recent.get('a', version(1))).toEqual({ version: 1 });
    clock.pass(seconds - 0.001);
    expect(await recent.get('a', version(2))).toEqual({ version: 1 });
    clock.pass(0.001);
    expect(await recent.get('a', version(2))).toEqual({ version: 2 });
  });

  it('is not brought back by a read that a change has overtaken', async () => {
    const recent = new Recent<{ version: number }>({ now: new Clock().now });
    const { promise, resolve } = Promise.withResolvers<{ version: number }>();
    const slow = recent.get('a', () => promise);
    recent.changed('a', { version: 2 });
    resolve({ version: 1 });
    expect(await slow).toEqual({ version: 2 });
    expect(await recent.get('a', version(1))).toEqual({ version: 2 });
  });

  it('is of a bounded number of records, and never that there is none', async () => {
    const recent = new Recent({ now: new Clock().now, capacity: 2 });
    expect(await recent.get('none', async () => undefined)).toBeUndefined();
    read.length = 0;
    for (const id of ['a', 'b', 'none', 'b', 'a']) await recent.get(id, version(1));
    expect(read).toEqual(['a@1', 'b@1', 'none@1', 'a@1']);
  });
});
