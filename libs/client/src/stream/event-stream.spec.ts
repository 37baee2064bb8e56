import { afterEach, describe, expect, it } from 'vitest';
import { absent, broken, events, json, refused, ScriptedServer, type Answer } from '../../test/server.fixtures.js';
import type { ApprovalEvent } from '../api/approvals.js';
import type { StreamOptions } from './event-stream.js';

let server: ScriptedServer;
afterEach(() => server.close());

/** What a stream tells, until that many events have come. */
async function told(count: number, options: StreamOptions, ...answers: Answer[]): Promise<(string | undefined)[]> {
  server = await ScriptedServer.open(...answers);
  return take(server.client().approvals.stream(options), count);
}

async function take(stream: AsyncGenerator<ApprovalEvent>, count: number): Promise<(string | undefined)[]> {
  const taken: (string | undefined)[] = [];
  for await (const { data } of stream) if (taken.push(data.id) === count) break;
  return taken;
}

const afters = () => server.headers('last-event-id');

describe('a stream', () => {
  it('goes on where a connection broke, and says so', async () => {
    const states: string[] = [];
    const onState = (state: string) => states.push(state);
    expect(await told(4, { onState }, broken(events(1, 2)), broken(events(3)), events(4))).toEqual([
      '1',
      '2',
      '3',
      '4',
    ]);
    expect(afters()).toEqual([undefined, '2', '3']);
    expect(states).toEqual(['open', 'lost', 'open', 'lost', 'open']);
  });

  it('goes on when the server has ended it', async () => {
    const ended: Answer = (reply, request) => {
      events(1)(reply, request);
      reply.end();
    };
    expect(await told(2, {}, ended, events(2))).toEqual(['1', '2']);
  });

  it('goes on through a server that restarts', async () => {
    expect(await told(2, {}, broken(events(1)), refused(503), absent, events(2))).toEqual(['1', '2']);
  });

  it('waits as long as a server says', async () => {
    const began = Date.now();
    await told(2, {}, broken(events(1)), refused(429, {}, { 'retry-after': '1' }), events(2));
    expect(Date.now() - began).toBeGreaterThan(990);
  });

  it('begins after an event that was seen before', async () => {
    expect(await told(1, { after: '7' }, events(8))).toEqual(['8']);
    expect(afters()).toEqual(['7']);
  });

  it('does not wait for a connection that says nothing any more', async () => {
    expect(await told(2, { silence_ms: 200 }, events(1), events(2))).toEqual(['1', '2']);
    expect(afters()).toEqual([undefined, '1']);
  });

  it('gives up a server that stays away', async () => {
    const away = told(2, { reconnect: { for_ms: 300 } }, broken(events(1)), absent);
    await expect(away).rejects.toMatchObject({ status: 0, code: 'connection_lost' });
  });

  it('does not insist where it is refused, later or at once', async () => {
    await expect(told(2, {}, broken(events(1)), refused(403))).rejects.toMatchObject({ status: 403, detail: 'No.' });
    await expect(take(server.client().approvals.stream(), 1)).rejects.toThrow('No.');
  });

  it('says at once that nobody is there', async () => {
    await expect(told(1, {}, absent)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('says at once that something else is there', async () => {
    await expect(told(1, {}, json({}))).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('ends when it is aborted, also between two attempts', async () => {
    const stop = new AbortController();
    const onState = (state: string) => state === 'lost' && stop.abort();
    expect(await told(9, { signal: stop.signal, onState }, broken(events(1)), absent)).toEqual(['1']);
  });

  it('ends with its connection where that is wanted', async () => {
    const ended: Answer = (reply, request) => {
      events(1)(reply, request);
      reply.end();
    };
    expect(await told(9, { reconnect: false }, ended)).toEqual(['1']);
  });

  it('leaves out what this version does not know', async () => {
    const newer: Answer = (reply, request) => {
      events(1)(reply, request);
      reply.write('event: invented\ndata: {"a":1}\n\nevent: removed\ndata: {"id":"2"}\n\n');
    };
    expect(await told(2, {}, newer)).toEqual(['1', '2']);
  });
});
