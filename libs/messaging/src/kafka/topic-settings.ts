import { maxEventBytes } from '@countersign/contracts';
import { millisOf, type Seconds } from '@countersign/contracts/time';
import { deadLetterMaxBytes, deadLetterTopic } from '../delivery/dead-letters.js';

/** What a cluster says of a topic: its size, and its settings by Kafka's names. */
export interface TopicSettings {
  topic: string;
  partitions: number;
  replicas: number;
  settings: Readonly<Record<string, string>>;
}

/** What is kept for a shorter time than services may be away is lost to them. */
const longestOutageMs = millisOf(86_400 as Seconds);
/** Key, headers and the record itself, beside the data of an event. */
const overheadBytes = 40_000;
const readable = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * What of some topics loses messages, or stops them, sooner or later: each problem once, with the topics that have it.
 *
 * @param severalPartitions whether several are asked for
 */
export function unsafeSettings(topics: readonly TopicSettings[], severalPartitions: boolean): string[] {
  const found = new Map<string, string[]>();
  for (const topic of topics)
    for (const problem of problemsOf(topic, severalPartitions))
      found.set(problem, [...(found.get(problem) ?? []), topic.topic]);
  const problems = [...found].map(([problem, names]) => `${namesOf(names, topics.length)}: ${problem}`);
  const counts = new Set(topics.filter(({ topic }) => topic !== deadLetterTopic).map(({ partitions }) => partitions));
  if (counts.size > 1)
    problems.push(`topics have different numbers of partitions: ${[...counts].toSorted((a, b) => a - b).join(', ')}`);
  return problems;
}

function* problemsOf(
  { topic, partitions, replicas, settings }: TopicSettings,
  severalPartitions: boolean,
): Generator<string> {
  const number = (name: string): number | undefined => {
    const value = Number(settings[name] ?? Number.NaN);
    return Number.isNaN(value) ? undefined : value;
  };
  const retention = number('retention.ms') ?? -1;
  if (retention >= 0 && retention < longestOutageMs)
    yield `retention.ms ${retention} is shorter than an outage of a day`;
  if ((number('retention.bytes') ?? -1) >= 0) yield 'retention.bytes may remove what was not read yet';
  if (settings['cleanup.policy']?.includes('compact')) yield 'cleanup.policy compact removes all but the last of a run';
  const most = topic === deadLetterTopic ? deadLetterMaxBytes : maxEventBytes + overheadBytes;
  const bytes = number('max.message.bytes') ?? most;
  if (bytes < most) yield `max.message.bytes ${bytes} is less than ${most}`;
  const inSync = number('min.insync.replicas') ?? 1;
  if (inSync > replicas) yield `min.insync.replicas ${inSync} of ${replicas} replicas: nothing can be written`;
  if (inSync === 1 && replicas > 1) yield 'min.insync.replicas 1: what one broker took is lost with it';
  const compression = settings['compression.type'] ?? 'producer';
  if (!readable.includes(compression)) yield `compression.type ${compression} cannot be read`;
  if (severalPartitions && partitions === 1) yield 'one partition: one instance does all the work';
}

const mostNames = 3;
const namesOf = (names: readonly string[], all: number): string =>
  names.length === all && all > 1
    ? 'all topics'
    : names.length > mostNames
      ? `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`
      : names.join(', ');
