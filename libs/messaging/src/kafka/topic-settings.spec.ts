import { describe, expect, it } from 'vitest';
import { unsafeSettings, type TopicSettings } from './topic-settings.js';

const sound = {
  'retention.ms': '604800000',
  'retention.bytes': '-1',
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'min.insync.replicas': '2',
  'compression.type': 'producer',
};
const topic = (settings: object = {}, change: Partial<TopicSettings> = {}): TopicSettings => ({
  topic: 'run.started',
  partitions: 6,
  replicas: 3,
  settings: { ...sound, ...settings },
  ...change,
});
const deadLetters = topic({ 'max.message.bytes': '4194304' }, { topic: 'dead-letters', partitions: 1 });

describe('the settings of topics', () => {
  it('are sound as the installation makes them, and where nothing is ever removed', () => {
    expect(
      unsafeSettings([topic(), topic({}, { topic: 'run.paused' }), { ...deadLetters, partitions: 6 }], true),
    ).toEqual([]);
    expect(unsafeSettings([topic({ 'retention.ms': '-1', 'compression.type': 'zstd' })], true)).toEqual([]);
    expect(unsafeSettings([topic({ 'min.insync.replicas': '1' }, { replicas: 1, partitions: 1 })], false)).toEqual([]);
  });

  it.each<[object, Partial<TopicSettings>, RegExp]>([
    [{ 'retention.ms': '86399999' }, {}, /run.started: retention.ms 86399999 is shorter/],
    [{ 'retention.ms': '0' }, {}, /shorter/],
    [{ 'retention.bytes': '1000' }, {}, /retention.bytes/],
    [{ 'cleanup.policy': 'compact' }, {}, /compact/],
    [{ 'cleanup.policy': 'delete,compact' }, {}, /compact/],
    [{ 'max.message.bytes': '1000000' }, {}, /max.message.bytes 1000000 is less/],
    [{ 'min.insync.replicas': '1' }, {}, /lost with it/],
    [{ 'min.insync.replicas': '2' }, { replicas: 1 }, /nothing can be written/],
    [{ 'compression.type': 'brotli' }, {}, /brotli cannot be read/],
    [{}, { partitions: 1 }, /one partition/],
  ])('are named where they lose messages: %j %j', (settings, change, problem) => {
    expect(unsafeSettings([topic(settings, change)], true)).toEqual([expect.stringMatching(problem)]);
  });

  it('are named once, with all of their topics', () => {
    const short = { 'retention.ms': '1000' };
    const names = ['a', 'b', 'c', 'd', 'e'];
    const some = names.map((name) => topic(short, { topic: name }));
    expect(unsafeSettings([...some, topic()], true)).toEqual([expect.stringMatching(/^a, b, c and 2 more: retention/)]);
    expect(unsafeSettings(some, true)).toEqual([expect.stringMatching(/^all topics: retention/)]);
    expect(unsafeSettings([topic(), topic({}, { topic: 'b', partitions: 12 }), deadLetters], false)).toEqual([
      'topics have different numbers of partitions: 6, 12',
    ]);
    expect(unsafeSettings([topic(), { ...deadLetters, settings: sound }], false)).toEqual([
      expect.stringMatching(/^dead-letters: max.message.bytes/),
    ]);
  });
});
