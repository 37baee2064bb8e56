import { expect, test } from 'vitest';
import { FetchSession, type FetchTopic } from './fetch-session.js';

const topic = (name: string, ...offsets: number[]): FetchTopic => ({
  topic: name,
  partitions: offsets.map((offset, partition) => ({ partition, fetchOffset: String(offset), maxBytes: 100 })),
});
const ok = (sessionId: number) => ({ errorCode: 0, sessionId });
const sessionNotFound = { errorCode: 70, sessionId: 0 };

function established(...topics: FetchTopic[]): FetchSession {
  const session = new FetchSession();
  session.answered(session.request(topics), ok(7));
  return session;
}

test('the first request names all and asks for a session', () => {
  const topics = [topic('a', 0, 0), topic('b', 5)];
  expect(new FetchSession().request(topics)).toEqual({ sessionId: 0, sessionEpoch: 0, topics, forgottenTopics: [] });
});

test('then only what has moved is named', () => {
  const session = established(topic('a', 0, 0), topic('b', 5));
  const request = session.request([topic('a', 0, 1), topic('b', 5)]);
  expect(request).toMatchObject({ sessionId: 7, sessionEpoch: 1, forgottenTopics: [] });
  expect(request.topics).toEqual([{ topic: 'a', partitions: [{ partition: 1, fetchOffset: '1', maxBytes: 100 }] }]);
  session.answered(request, ok(7));
  expect(session.request([topic('a', 0, 1), topic('b', 5)])).toMatchObject({ sessionEpoch: 2, topics: [] });
});

test('what is not wanted any more is forgotten, and named again when it is', () => {
  const session = established(topic('a', 0, 0), topic('b', 5));
  const paused = session.request([topic('a', 0)]);
  expect(paused.forgottenTopics).toEqual([
    { topic: 'a', partitions: [1] },
    { topic: 'b', partitions: [0] },
  ]);
  session.answered(paused, ok(7));
  const resumed = session.request([topic('a', 0, 0), topic('b', 5)]);
  expect(resumed.topics.map((each) => [each.topic, each.partitions.map(({ partition }) => partition)])).toEqual([
    ['a', [1]],
    ['b', [0]],
  ]);
});

test('a session that the broker has dropped is asked for again, with all partitions', () => {
  const session = established(topic('a', 0, 0));
  const request = session.request([topic('a', 0, 0)]);
  expect(session.answered(request, sessionNotFound)).toBe(false);
  expect(session.request([topic('a', 0, 0)])).toMatchObject({ sessionEpoch: 0, topics: [topic('a', 0, 0)] });
});

test('after an error the next request is full, and closes the session that was', () => {
  const session = established(topic('a', 0, 0));
  session.failed(session.request([topic('a', 0, 0)]));
  expect(session.request([topic('a', 0, 0)])).toEqual({
    sessionId: 7,
    sessionEpoch: 0,
    topics: [topic('a', 0, 0)],
    forgottenTopics: [],
  });
});

test('a broker without room for sessions is asked for all each time', () => {
  const session = new FetchSession();
  session.answered(session.request([topic('a', 0)]), ok(0));
  expect(session.request([topic('a', 0)])).toMatchObject({ sessionId: 0, sessionEpoch: 0, topics: [topic('a', 0)] });
});

test('an error of a full request is not asked about for ever', () => {
  const session = new FetchSession();
  expect(session.answered(session.request([topic('a', 0)]), { errorCode: 3, sessionId: 0 })).toBe(true);
});

test('a second request while one is under way stays outside of the session', () => {
  const session = established(topic('a', 0));
  const first = session.request([topic('a', 1)]);
  const second = session.request([topic('a', 1)]);
  expect(second).toEqual({ sessionId: 0, sessionEpoch: -1, topics: [topic('a', 1)], forgottenTopics: [] });
  session.answered(second, ok(0));
  session.answered(first, ok(7));
  expect(session.request([topic('a', 1)])).toMatchObject({ sessionId: 7, sessionEpoch: 2, topics: [] });
});

test('epochs begin again at 1', () => {
  const session = established(topic('a', 0));
  const request = session.request([topic('a', 0)]);
  session.answered({ ...request, sessionEpoch: 0x7fff_ffff }, ok(7));
  expect(session.request([topic('a', 0)]).sessionEpoch).toBe(1);
});
