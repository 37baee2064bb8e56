import type { Log } from '@countersign/contracts';
import {
  newRecord,
  update,
  insertOnce,
  type Collection,
  type Store,
  type StoredRecord,
} from '@countersign/persistence';
import type { Clock } from '@countersign/contracts/time';
import type { Header, ServiceKey } from '@countersign/evidence';
import type { Verifier } from '@countersign/signing';
import type { Recordable } from '../record/entry.js';

/** What verifies the signatures in a bundle. */
export type KeyKind = keyof Header['keys'];

const kinds: Readonly<Record<string, KeyKind>> = {
  'tool.approval_required': 'requests',
  'approval.resolved': 'decisions',
  'tool.execution_started': 'results',
  'tool.execution_completed': 'results',
  'tool.execution_failed': 'results',
  'tool.execution_outcome_unknown': 'results',
};

/** A key with which something on record was signed while it was trusted. */
interface SeenKey extends StoredRecord {
  id: string;
  kind: KeyKind;
  kid: string;
  x: string;
  /** How long the record was when it was found to be trusted no more. */
  until: number | null;
}

export const keyCollection: Collection<SeenKey> = { name: 'audit_keys', key: 'id', indexes: [['kid']] };

export interface ServiceKeysOptions {
  store: Store<SeenKey>;
  verifiers: Readonly<Record<KeyKind, () => Pick<Verifier, 'publicPart'>>>;
  /** How long the record is. */
  length(): Promise<number>;
  log: Pick<Log, 'warn'>;
  now: Clock;
}

/** So many names of keys are looked at at once that were not seen before: anybody may make up more. */
const lookedAt = 50;

/**
 * Remembers the keys of the services: evidence of what was signed with one holds after it was replaced. What is recorded of a
 * key once it is not trusted any more, no service has signed.
 */
export class ServiceKeys {
  readonly #known = new Map<string, SeenKey>();
  readonly #looking = new Set<string>();
  readonly #options: ServiceKeysOptions;

  constructor(options: ServiceKeysOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { store } = this.#options;
    const seen = await store.find({ filter: {}, sort: [], limit: 10_000 });
    for (const key of seen) this.#known.set(key.id, key);
  }

  /** To be awaited before an event is recorded. @throws RetryableError while it is not known whether its key is trusted */
  async look({ type, data }: Pick<Recordable, 'type' | 'data'>): Promise<void> {
    const named = keyNamed(type, data['signature']);
    if (!named) return;
    const known = [...this.#known.values()].filter(({ kind, kid }) => kind === named.kind && kid === named.kid);
    const inUse = known.filter(({ until }) => until === null);
    if (known.length === 0) this.#lookLater(named);
    if (inUse.length === 0) return;
    const x = await this.#options.verifiers[named.kind]().publicPart(named.kid);
    for (const key of inUse) if (key.x !== x) await this.#withdraw(key);
    if (x !== undefined && inUse.every((key) => key.x !== x)) await this.#remember(named, x);
  }

  /** Of those that are named by what is on record, the ones that are or were trusted. */
  async of(entries: readonly { type: string; leaf: string }[]): Promise<Header['keys']> {
    const keys: Record<KeyKind, Map<string, ServiceKey>> = {
      decisions: new Map(),
      requests: new Map(),
      results: new Map(),
    };
    const names = entries.flatMap(({ type, leaf }) => keyNamed(type, signatureIn(leaf)) ?? []);
    for (const { kind, kid } of new Map(names.map((named) => [JSON.stringify(named), named])).values())
      for (const key of await this.#keysNamed(kind, kid)) keys[kind].set(JSON.stringify(key), key);
    const { decisions, requests, results } = keys;
    return { decisions: [...decisions.values()], requests: [...requests.values()], results: [...results.values()] };
  }

  async #keysNamed(kind: KeyKind, kid: string): Promise<ServiceKey[]> {
    const { store, verifiers } = this.#options;
    const seen = await store.find({ filter: { kind, kid }, sort: [], limit: 100 });
    const x = await verifiers[kind]().publicPart(kid);
    const trusted = x !== undefined && !seen.some((key) => key.x === x) ? [{ kid, x }] : [];
    return [...trusted, ...seen.map((key) => ({ kid, x: key.x, ...(key.until !== null && { until: key.until }) }))];
  }

  /** Nothing waits for it: that a key is trusted from now on is no reason to doubt anything. */
  #lookLater(named: { kind: KeyKind; kid: string }): void {
    const name = JSON.stringify(named);
    if (this.#looking.has(name) || this.#looking.size >= lookedAt) return;
    this.#looking.add(name);
    void this.#options.verifiers[named.kind]()
      .publicPart(named.kid)
      .then((x) => (x === undefined ? undefined : this.#remember(named, x)))
      .catch((err: unknown) => this.#options.log.warn({ err, ...named }, 'cannot check an API key'))
      .finally(() => this.#looking.delete(name));
  }

  async #remember({ kind, kid }: { kind: KeyKind; kid: string }, x: string): Promise<void> {
    const { store, now } = this.#options;
    const id = JSON.stringify([kind, kid, x]);
    const key: SeenKey = { id, kind, kid, x, until: null, ...newRecord(now()) };
    this.#known.set(id, (await insertOnce(store, key)) ? key : (await store.get(id))!);
  }

  async #withdraw({ id, kind, kid }: SeenKey): Promise<void> {
    const { store, length, log, now } = this.#options;
    const until = await length();
    const withdrawn = await update(store, id, now(), (key) => (key.until === null ? { ...key, until } : undefined));
    if (!withdrawn) return;
    this.#known.set(id, withdrawn.record);
    log.warn({ kind, kid, until: withdrawn.record.until }, 'signed with a key that is not trusted any more');
  }
}

function keyNamed(type: string, signature: unknown): { kind: KeyKind; kid: string } | undefined {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (!kind || typeof signature !== 'string') return undefined;
  try {
    const { kid } = JSON.parse(Buffer.from(signature.split('.', 1)[0]!, 'base64url').toString()) as { kid?: unknown };
    return typeof kid === 'string' && kid.length <= 200 ? { kind, kid } : undefined;
  } catch {
    return undefined;
  }
}

function signatureIn(leaf: string): unknown {
  return (JSON.parse(leaf) as { data: { signature?: unknown } }).data.signature;
}
