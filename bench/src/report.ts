import type { Approvals } from './approvals/approvals.js';
import type { Bundle } from './inbox/bundle.js';
import type { Executions, Scaling } from './executions/executions.js';
import type { GateCost } from './gate/gate-cost.js';
import type { Waiting } from './gate/waiting.js';
import type { Idle } from './runs/idle.js';
import type { Entries } from './record/entries.js';
import { quantile, type Measured } from './cycles/load.js';
import type { ScaleIn, Workers } from './scaling/workers.js';
import type { Chains, Held } from './runs/runner.js';

export interface Row extends Measured {
  stack: 'embedded' | 'Kafka + MongoDB';
  /** Driven in its process, the limit beside it, or driven over HTTP from another process. */
  way: 'product' | 'limit' | 'http';
}

type Number_ = { [K in keyof Measured]: Measured[K] extends number | null ? K : never }[keyof Measured];

/** The median over the repetitions. */
const median = (rows: readonly Row[], field: Number_): number =>
  quantile(
    rows.flatMap((row) => row[field] ?? []),
    0.5,
  ) ?? Number.NaN;

export function loadTable(rows: readonly Row[]): string {
  const columns = ['stack', 'at once', 'way', 'cycles/s', 'of limit', 'CPU ms', 'resume p50', 'p99', 'without model'];
  const lines: string[][] = [];
  for (const [stack, ofStack] of Map.groupBy(rows, (row) => row.stack)) {
    for (const [concurrency, level] of Map.groupBy(ofStack, (row) => row.concurrency)) {
      const byWay = Map.groupBy(level, (row) => row.way);
      for (const [way, same] of byWay) {
        const ratio = median(same, 'cycles_per_s') / median(byWay.get('limit') ?? [], 'cycles_per_s');
        const over = concurrency === 1 && way !== 'http' ? text(median(same, 'resume_over_model_p50_ms'), 1) : '';
        lines.push([
          stack,
          String(concurrency),
          way,
          text(median(same, 'cycles_per_s'), 0),
          text(ratio, 2),
          way === 'http' ? '' : text(median(same, 'cpu_ms_per_cycle'), 2),
          text(median(same, 'resume_p50_ms'), 1),
          text(median(same, 'resume_p99_ms'), 1),
          over,
        ]);
      }
    }
  }
  return lines.length > 0 ? table(columns, lines) : '';
}

/** What keeping the record costs a cycle, and what verifying entries of it costs beside hashing them. */
export interface RecordCost {
  concurrency: number;
  without_ms: number;
  with_ms: number;
}

export const recordTables = (costs: readonly RecordCost[], entries: Entries | undefined): string[] => [
  costs.length > 0
    ? table(
        ['record', 'at once', 'CPU ms without', 'with', 'costs'],
        costs.map(({ concurrency, without_ms, with_ms }) => [
          'embedded',
          String(concurrency),
          text(without_ms, 2),
          text(with_ms, 2),
          text(with_ms / without_ms - 1, 2),
        ]),
      )
    : '',
  entries
    ? table(
        ['entries', 'MB', 'hashing s', 'to the root s', 'of hashing', 'from lines s', 'of hashing'],
        [
          [
            String(entries.count),
            text(entries.bytes / 1e6, 0),
            text(entries.hashing_s, 2),
            text(entries.tree_s, 2),
            text(entries.tree_s / entries.hashing_s, 2),
            text(entries.lines_s, 2),
            text(entries.lines_s / entries.hashing_s, 2),
          ],
        ],
      )
    : '',
];

export const idleTable = (idle: readonly Idle[]): string =>
  idle.length > 0
    ? table(
        ['idle', 'on', 'CPU % of a core', 'RSS MB'],
        idle.map(({ app, stack, cpu_percent, rss_mb }) => [app, stack, text(cpu_percent, 2), text(rss_mb, 0)]),
      )
    : '';

export const bundleTable = (bundle: Bundle | undefined): string =>
  bundle
    ? table(
        ['inbox', 'files', 'KiB', 'gzip KiB'],
        [['before it is there', String(bundle.files), text(bundle.kib, 0), text(bundle.gzip_kib, 0)]],
      )
    : '';

export const chainsTable = (chains: readonly Chains[]): string =>
  chains.length > 0
    ? table(
        ['runs at once', 'on', 'runners', 'chain s', 'took s', 'of the chain'],
        chains.map(({ runs, stack, runners, chain_s, took_s }) => [
          String(runs),
          stack,
          String(runners),
          text(chain_s, 1),
          text(took_s, 1),
          text(took_s / chain_s, 2),
        ]),
      )
    : '';

export const approvalTables = (measured: Approvals | undefined): string[] =>
  measured
    ? [
        table(
          ['deciding at once', 'decisions/s', 'store/s', 'of the store'],
          measured.resolves.map(({ concurrency, product, store }) => [
            String(concurrency),
            text(product, 0),
            text(store, 0),
            text(product / store, 2),
          ]),
        ),
        table(
          ['pending', 'list p50 ms', 'p99'],
          measured.lists.map(({ pending, p50_ms, p99_ms }) => [String(pending), text(p50_ms, 1), text(p99_ms, 1)]),
        ),
      ]
    : [];

export const heldTable = (held: readonly Held[]): string =>
  held.length > 0
    ? table(
        ['paused runs', 'RSS MB', 'heap in use MB'],
        held.map(({ paused, rss_mb, heap_mb }) => [String(paused), text(rss_mb, 0), text(heap_mb, 1)]),
      )
    : '';

export const gateTable = (measured: readonly GateCost[]): string =>
  measured.length > 0
    ? table(
        ['gated calls on', 'at once', 'calls/s', 'asked ms', 'begun', 'told', 'p50 of all', 'p99', 'of 5 requests'],
        measured.map((each) => [
          each.stack,
          String(each.concurrency),
          text(each.calls_per_s, 0),
          text(each.asked_p50_ms, 1),
          text(each.begun_p50_ms, 1),
          text(each.told_p50_ms, 1),
          text(each.total_p50_ms, 1),
          text(each.total_p99_ms, 1),
          text(each.total_p50_ms / each.requests_p50_ms, 1),
        ]),
      )
    : '';

export const waitingTable = (measured: readonly Waiting[]): string =>
  measured.length > 0
    ? table(
        ['on', 'service', 'calls that wait', 'callers', 'since s', 'RSS MB', 'heap in use MB', 'cores'],
        measured.map(({ stack, app, calls, callers, seconds, rss_mb, heap_mb, cpu }) => [
          stack,
          app,
          String(calls),
          String(callers),
          String(seconds),
          text(rss_mb, 0),
          text(heap_mb, 1),
          text(cpu, 2),
        ]),
      )
    : '';

export const executionsTable = (measured: readonly Executions[]): string =>
  measured.length > 0
    ? table(
        ['on', 'executing at once', 'executions/s', 'limit/s', 'of limit'],
        measured.map(({ stack, concurrency, product, limit }) => [
          stack,
          String(concurrency),
          text(product, 0),
          text(limit, 0),
          text(product / limit, 2),
        ]),
      )
    : '';

export const scalingTable = (measured: readonly Scaling[]): string =>
  measured.length > 0
    ? table(
        ['executors', 'executions/s', 'of linear', 'at most'],
        measured.map(({ executors, per_s, at_most }) => [
          String(executors),
          text(per_s, 1),
          text(per_s / (measured[0]!.per_s * executors), 2),
          text(at_most, 0),
        ]),
      )
    : '';

export const workersTable = (measured: readonly Workers[]): string =>
  measured.length > 0
    ? table(
        ['of each worker', 'runs/s', 'of linear', 'at most'],
        measured.map(({ instances, runs_per_s, at_most }) => [
          String(instances),
          text(runs_per_s, 2),
          text(runs_per_s / (measured[0]!.runs_per_s * instances), 2),
          text(at_most, 0),
        ]),
      )
    : '';

export const scaleInTable = (measured: ScaleIn | undefined): string =>
  measured
    ? table(
        ['of each worker', 'runs', 'completed', 'calls', 'made twice', 'assignments', 'longest gap s'],
        [
          [
            `${measured.from} to ${measured.to}`,
            String(measured.runs),
            String(measured.completed),
            String(measured.calls),
            String(measured.twice),
            String(measured.assignments),
            text(measured.longest_gap_s, 1),
          ],
        ],
      )
    : '';

const text = (value: number, digits: number): string => (Number.isNaN(value) ? '' : value.toFixed(digits));

/** A table of Markdown, aligned. */
function table(columns: string[], lines: string[][]): string {
  const widths = columns.map((name, n) => Math.max(name.length, ...lines.map((line) => line[n]!.length)));
  const row = (cells: string[]): string => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`;
  return [row(columns), row(widths.map((width) => '-'.repeat(width))), ...lines.map(row)].join('\n');
}
