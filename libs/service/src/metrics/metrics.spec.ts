import { describe, expect, it } from 'vitest';
import { countMessages } from './bus-metrics.js';
import { Metrics } from './metrics.js';

const definition = { name: 'things_total', help: 'Things.', labels: ['kind', 'colour'] } as const;

const linesOf = (exposition: string, name: string): string[] =>
  exposition.split('\n').filter((line) => line.startsWith(name));

describe('what a process counts', () => {
  it('is counted apart for each set of labels', async () => {
    const metrics = new Metrics();
    const things = metrics.counter(definition);
    things.add({ kind: 'odd', colour: 'red' });
    things.add({ kind: 'odd', colour: 'red' }, 4);
    things.add({ kind: 'even', colour: 'red' });
    expect(await metrics.valueOf('things_total', { kind: 'odd', colour: 'red' })).toBe(5);
    expect(await metrics.valueOf('things_total', { kind: 'even', colour: 'red' })).toBe(1);
    expect(await metrics.valueOf('things_total', { kind: 'even', colour: 'blue' })).toBe(0);
    expect(await metrics.valueOf('things_total', { kind: 'even' })).toBe(0);
    expect(await metrics.valueOf('nothing_total', {})).toBe(0);
  });

  it('is one counter for all who name it', async () => {
    const metrics = new Metrics();
    for (const service of [metrics, metrics]) service.counter(definition).add({ kind: 'odd', colour: 'red' });
    expect(await metrics.valueOf('things_total', { kind: 'odd', colour: 'red' })).toBe(2);
  });

  it('is how long things take, in buckets', async () => {
    const metrics = new Metrics();
    const calls = { name: 'calls_seconds', help: 'Calls.', labels: ['kind'] } as const;
    for (const service of [metrics, metrics]) service.durations(calls, [1, 10]).observe({ kind: 'odd' }, 2);
    expect(linesOf(await metrics.exposition(), 'calls_seconds')).toEqual([
      'calls_seconds_bucket{le="1",kind="odd"} 0',
      'calls_seconds_bucket{le="10",kind="odd"} 2',
      'calls_seconds_bucket{le="+Inf",kind="odd"} 2',
      'calls_seconds_sum{kind="odd"} 4',
      'calls_seconds_count{kind="odd"} 2',
    ]);
  });

  it('is exposed in OpenMetrics as well, where a duration names a trace that it was measured in', async () => {
    let trace: { trace_id: string; span_id: string } | undefined;
    const metrics = new Metrics(() => trace);
    metrics.counter(definition).add({ kind: 'odd', colour: 'red' });
    const calls = metrics.durations({ name: 'calls_seconds', help: 'Calls.', labels: ['kind'] }, [1, 10]);
    calls.observe({ kind: 'odd' }, 0.5);
    trace = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };
    calls.observe({ kind: 'odd' }, 2);
    const text = await metrics.exposition();
    const open = await metrics.exposition('application/openmetrics-text');
    const number = String.raw`[\d.e+]+`;
    expect(linesOf(open, 'calls_seconds_bucket')).toEqual([
      'calls_seconds_bucket{le="1",kind="odd"} 1',
      expect.stringMatching(
        `^calls_seconds_bucket{le="10",kind="odd"} 2 # {trace_id="a{32}",span_id="b{16}"} 2 ${number}$`,
      ),
      'calls_seconds_bucket{le="+Inf",kind="odd"} 2',
    ]);
    expect(open).toContain('# TYPE things counter\nthings_total{kind="odd",colour="red"} 1\n');
    expect(open).toMatch(/# EOF\n$/);
    // Who asks for the other format has it as before, also afterwards.
    expect(linesOf(await metrics.exposition(), 'things')).toEqual(linesOf(text, 'things'));
    expect(text).not.toContain('trace_id');
  });

  it('is how much there is just now, and nothing while that cannot be read', async () => {
    const metrics = new Metrics();
    let read = async () => [{ labels: { kind: 'odd' }, value: 3 }];
    metrics.levels({ name: 'things', help: 'Things.', labels: ['kind'] }, () => read());
    metrics.counter(definition).add({ kind: 'odd', colour: 'red' });
    expect(linesOf(await metrics.exposition(), 'things{')).toEqual(['things{kind="odd"} 3']);
    read = () => Promise.reject(new Error('the store is out of reach'));
    expect(linesOf(await metrics.exposition(), 'things')).toEqual(['things_total{kind="odd",colour="red"} 1']);
    read = async () => [{ labels: { kind: 'even' }, value: 1 }];
    expect(linesOf(await metrics.exposition(), 'things{')).toEqual(['things{kind="even"} 1']);
    // Several services in one process have parts of the same gauge, and one that fails leaves the others out of it.
    metrics.levels({ name: 'things', help: 'Things.', labels: ['kind'] }, () => [
      { labels: { kind: 'odd' }, value: 2 },
    ]);
    metrics.levels({ name: 'things', help: 'Things.', labels: ['kind'] }, () => {
      throw new Error('away');
    });
    expect(linesOf(await metrics.exposition(), 'things{')).toEqual(['things{kind="even"} 1', 'things{kind="odd"} 2']);
  });

  it('is nothing to another process', async () => {
    new Metrics().counter(definition).add({ kind: 'odd', colour: 'red' });
    expect(await new Metrics().exposition()).not.toContain('things_total');
  });

  it('is what the bus did: events by type, messages by outcome, dead letters by topic', async () => {
    const metrics = new Metrics();
    const { published, delivered, assigned } = countMessages(metrics);
    const about = { group: 'executor', topic: 'approval.resolved' };
    published('approval.created');
    delivered({ ...about, outcome: 'failed' });
    delivered({ ...about, outcome: 'handled' });
    delivered({ ...about, outcome: 'dead_letter' });
    assigned!('executor');
    const counts = (await metrics.exposition()).split('\n').filter((line) => line.startsWith('countersign_'));
    expect(counts).toEqual([
      'countersign_events_published_total{type="approval.created"} 1',
      'countersign_messages_handled_total{group="executor",topic="approval.resolved",outcome="failed"} 1',
      'countersign_messages_handled_total{group="executor",topic="approval.resolved",outcome="handled"} 1',
      'countersign_messages_handled_total{group="executor",topic="approval.resolved",outcome="dead_letter"} 1',
      'countersign_dead_letters_total{topic="approval.resolved"} 1',
      'countersign_consumer_assignments_total{group="executor"} 1',
    ]);
  });
});
