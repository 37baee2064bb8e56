import { expect, test } from 'vitest';
import { FetchSession, type FetchTopic } from './fetch-session.js';

const topic = (name: string, ...offsets: number[]): FetchTopic => ({
  topic: name,
  partitions: offsets.map((offset, partition) => ({ partition, fetchOffset: String(offset), maxBytes: 100 })),
});
const longest = 1_500;
const ok = (sessionId: number) => ({ errorCode: 0, sessionId });
const sessionNotFound = { errorCode: 70, sessionId: 0 };

function established(...topics: FetchTopic[]): FetchSession {
  const session = new FetchSession();
  session.answered(session.request(topics, longest), ok(7));
  return session;
}

test('the first request names all and asks for a session', () => {
  const topics = [topic('a', 0, 0), topic('b', 5)];
  expect(new FetchSession().request(topics, longest)).toMatchObject({
    sessionId: 0,
    sessionEpoch: 0,
    topics,
    forgottenTopics: [],
  });
});

test('then only what has moved is named', () => {
  const session = established(topic('a', 0, 0), topic('b', 5));
  const request = session.request([topic('a', 0, 1), topic('b', 5)], longest);
  expect(request).toMatchObject({ sessionId: 7, sessionEpoch: 1, forgottenTopics: [] });
  expect(request.topics).toEqual([{ topic: 'a', partitions: [{ partition: 1, fetchOffset: '1', maxBytes: 100 }] }]);
  session.answered(request, ok(7));
  expect(session.request([topic('a', 0, 1), topic('b', 5)], longest)).toMatchObject({ sessionEpoch: 2, topics: [] });
});

test('what is not wanted any more is forgotten, and named again when it is', () => {
  const session = established(topic('a', 0, 0), topic('b', 5));
  const paused = session.request([topic('a', 0)], longest);
  expect(paused.forgottenTopics).toEqual([
    { topic: 'a', partitions: [1] },
    { topic: 'b', partitions: [0] },
  ]);
  session.answered(paused, ok(7));
  const resumed = session.request([topic('a', 0, 0), topic('b', 5)], longest);
  expect(resumed.topics.map((each) => [each.topic, each.partitions.map(({ partition }) => partition)])).toEqual([
    ['a', [1]],
    ['b', [0]],
  ]);
});

test('a session that the broker has dropped is asked for again, with all partitions', () => {
  const session = established(topic('a', 0, 0));
  const request = session.request([topic('a', 0, 0)], longest);
  expect(session.answered(request, sessionNotFound)).toBe(false);
  expect(session.request([topic('a', 0, 0)], longest)).toMatchObject({ sessionEpoch: 0, topics: [topic('a', 0, 0)] });
});

test('after an error the next request is full, and closes the session that was', () => {
  const session = established(topic('a', 0, 0));
  session.failed(session.request([topic('a', 0, 0)], longest));
  expect(session.request([topic('a', 0, 0)], longest)).toMatchObject({
    sessionId: 7,
    sessionEpoch: 0,
    topics: [topic('a', 0, 0)],
    forgottenTopics: [],
  });
});

test('a broker without room for sessions is asked for all each time', () => {
  const session = new FetchSession();
  session.answered(session.request([topic('a', 0)], longest), ok(0));
  expect(session.request([topic('a', 0)], longest)).toMatchObject({
    sessionId: 0,
    sessionEpoch: 0,
    topics: [topic('a', 0)],
  });
});

test('an error of a full request is not asked about for ever', () => {
  const session = new FetchSession();
  expect(session.answered(session.request([topic('a', 0)], longest), { errorCode: 3, sessionId: 0 })).toBe(true);
});

test('a second request while one is under way stays outside of the session', () => {
  const session = established(topic('a', 0));
  const first = session.request([topic('a', 1)], longest);
  const second = session.request([topic('a', 1)], longest);
  expect(second).toMatchObject({ sessionId: 0, sessionEpoch: -1, topics: [topic('a', 1)], forgottenTopics: [] });
  session.answered(second, ok(0));
  session.answered(first, ok(7));
  expect(session.request([topic('a', 1)], longest)).toMatchObject({ sessionId: 7, sessionEpoch: 2, topics: [] });
});

test('epochs begin again at 1', () => {
  const session = established(topic('a', 0));
  const request = session.request([topic('a', 0)], longest);
  session.answered({ ...request, sessionEpoch: 0x7fff_ffff }, ok(7));
  expect(session.request([topic('a', 0)], longest).sessionEpoch).toBe(1);
});

test('a broker answers soon what is asked for the first time, and each time after that it may wait twice as long', () => {
  for (const sessionId of [7, 0]) {
    const session = new FetchSession();
    const waits = (...topics: FetchTopic[]) => {
      const request = session.request(topics, longest);
      session.answered(request, ok(sessionId));
      return request.maxWaitTime;
    };
    const known = [topic('a', 0, 0), topic('b', 5)];
    expect(Array.from({ length: 6 }, () => waits(...known))).toEqual([50, 100, 200, 400, 800, longest]);
    expect(waits(topic('a', 3), topic('b', 7))).toBe(longest);
    expect([waits(...known), waits(...known)]).toEqual([50, 100]);
  }
});
