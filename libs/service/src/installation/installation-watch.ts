import { catalogue, eventNames, eventsTo, type Log, type ServiceName } from '@countersign/contracts';
import { previews } from '@countersign/contracts/event-log';
import { atMillis, earliest, type Clock, type EpochMillis, type Millis } from '@countersign/contracts/time';
import type { Bus } from '@countersign/messaging';
import type { Database, Store } from '@countersign/persistence';
import {
  beginInstallation,
  beginRecovery,
  expireRecords,
  installationSeen,
  installationsIn,
  setBackOf,
  suspiciousFrom,
  unsoundness,
  type Installation,
  type SetBack,
  type Unsound,
} from '@countersign/persistence/installation';
import { setTimeout as delay } from 'node:timers/promises';
import type { Metrics } from '../metrics/metrics.js';

/** A service, as far as it matters whether its store belongs to its log. */
export interface Watched {
  name: ServiceName;
  /** Whether there is anything in its store. */
  hasRecords(): Promise<boolean>;
  /** Whether it may start while what holds is being recovered. */
  mayRecover: boolean;
}

export interface InstallationWatchOptions {
  services: readonly Watched[];
  database: Database;
  bus: Bus;
  now: Clock;
  log: Log;
  metrics: Pick<Metrics, 'levels'>;
  /** Learns what the time is by the store; called before each look. */
  measure(): Promise<void>;
  /** The store is not the one any more that this process began with, or it could not begin. */
  onFatal(error: Error): void;
  /** How often to look again, while something is wrong and while nothing is. */
  everyMs?: { unsound: Millis; sound: Millis };
}

/** Of a store that went back less far than this, nothing is said: a server that is killed may forget its last second. */
const slackMs: Millis = 30_000;
const sayAgainEvery = 30;
/** Six times as long as a process takes until it looks at its marker again. */
const heardOfMs: Millis = 60_000;

/**
 * Keeps services from beginning on a store that does not belong to their log, and notices when it is replaced under them.
 */
export class InstallationWatch {
  readonly #options: InstallationWatchOptions & Required<Pick<InstallationWatchOptions, 'everyMs'>>;
  readonly #store: Store<Installation>;
  readonly #markers = new Map<ServiceName, Installation>();
  readonly #stopping = new AbortController();
  /** Topics that this process has published to. */
  readonly #publishedTo = new Set<string>();
  #problems = new Map<ServiceName, Unsound>();
  #running: Promise<void> | undefined;
  #isSound = false;

  constructor(options: InstallationWatchOptions) {
    this.#options = { everyMs: { unsound: 2_000, sound: 10_000 }, ...options };
    this.#store = installationsIn(options.database);
    options.metrics.levels(
      {
        name: 'countersign_installation_unsound',
        help: 'Services of this process that do nothing, since their store and their log do not belong together.',
        labels: ['service', 'code'],
      },
      () => [...this.#problems].map(([service, { code }]) => ({ labels: { service, code }, value: 1 })),
    );
  }

  /** Whether everything may begin. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Since when there are records of a service here. */
  recordsSince(service: ServiceName): EpochMillis {
    return this.#markers.get(service)?.born_at_ms ?? this.#options.now();
  }

  /** Why what a service began at that time may have been done since, by records that are lost. */
  setBack(service: ServiceName, began: EpochMillis): SetBack | null {
    const marker = this.#markers.get(service);
    return marker ? setBackOf(marker, began) : 'recovering';
  }

  /** Before this time there may have been records of a service which were removed by their age. */
  expiredBefore(service: ServiceName): EpochMillis {
    return this.#markers.get(service)?.expired?.before_ms ?? atMillis(0);
  }

  /**
   * Says that records of what was over before that time are going to be removed. They may be once every process knows of it,
   * so that none takes an old message for a new one: those of what was published a while ago.
   *
   * @returns before which time records may be removed now
   */
  async expire(service: ServiceName, before: EpochMillis): Promise<EpochMillis> {
    const now = this.#options.now();
    const expired = (await this.#store.get(service))?.expired ?? undefined;
    if (expired && now - expired.since_ms < heardOfMs) return atMillis(0);
    await expireRecords(this.#store, service, now, before);
    return expired ? earliest(expired.before_ms, before) : atMillis(0);
  }

  /** This process has published to a topic. Of one that ended before it could mark that, a later start sees it in the log. */
  published(topic: string): void {
    this.#publishedTo.add(topic);
  }

  /** @throws why nothing begins, with its code */
  async check(): Promise<void> {
    const [problem] = this.#problems.values();
    if (problem) throw new Error(`${problem.code}: ${problem.reason}`);
    if (!this.#isSound) throw new Error('not yet known whether the store belongs to the log');
  }

  /** Calls `begin` once all is sound, and watches from then on. Resolves when it has looked once. */
  async start(begin: () => Promise<void>): Promise<void> {
    const first = this.#lookAndBegin(begin);
    // A failure rejects the caller's promise.
    this.#running = first.then(
      (isSound) => this.#watch(begin, isSound).catch(this.#options.onFatal),
      () => {},
    );
    await first;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #watch(begin: () => Promise<void>, begun: boolean): Promise<void> {
    const { everyMs, log } = this.#options;
    let isSound = begun;
    for (let looks = 1; ; looks++) {
      const ms = isSound ? everyMs.sound : everyMs.unsound;
      await delay(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      if (!isSound && looks % sayAgainEvery === 0) this.#say();
      if (isSound) await this.#beat().catch((err: unknown) => log.warn({ err }, 'cannot mark the store as used'));
      else isSound = await this.#lookAndBegin(begin);
    }
  }

  async #lookAndBegin(begin: () => Promise<void>): Promise<boolean> {
    const { log, services } = this.#options;
    try {
      await this.#options.measure();
      const found = await Promise.all(
        services.map(async (service) => [service.name, await this.#look(service)] as const),
      );
      const before = this.#problems;
      this.#problems = new Map(found.flatMap(([name, problem]) => (problem ? [[name, problem] as const] : [])));
      const isNew = [...this.#problems].some(([name, { code }]) => before.get(name)?.code !== code);
      if (isNew) this.#say();
      if (this.#problems.size > 0 || this.#stopping.signal.aborted) return false;
    } catch (err) {
      log.warn({ err }, 'cannot check that the store belongs to the log, retrying');
      return false;
    }
    this.#isSound = true;
    await begin();
    return true;
  }

  #say(): void {
    for (const [service, { code, reason }] of this.#problems)
      this.#options.log.error({ service, code }, `not ready, nothing is done until an operator acts: ${reason}`);
  }

  async #look({ name, hasRecords, mayRecover }: Watched): Promise<Unsound | undefined> {
    const { bus, now } = this.#options;
    const before = await this.#store.get(name);
    const log = await bus.history({
      topics: publishedBy(name),
      since: before ? suspiciousFrom(before) : now(),
      group: name,
      groupTopics: eventsTo(name),
    });
    // Another instance may have begun, and published, since.
    const installation = before ?? (await this.#store.get(name));
    const found = {
      installation,
      hasRecords: installation !== undefined || (await hasRecords()),
      log: { ...log, writtenSince: before !== undefined && log.writtenSince },
      isHeld: mayRecover,
    };
    const problem = unsoundness(found);
    if (problem) return problem;
    if (!installation) await beginInstallation(this.#store, name, now());
    await this.#mark(name, installation ?? (await this.#store.get(name)), log.written);
    return undefined;
  }

  async #mark(name: ServiceName, marker: Installation | undefined, published: boolean): Promise<void> {
    if (!marker) throw new Error('the marker of the store is gone');
    const change = published && !marker.published ? { published } : {};
    const marked = await installationSeen(this.#store, marker, this.#options.now(), change);
    this.#markers.set(name, marked ?? marker);
  }

  /** Says that the store is used, and sees whether it is still the same. */
  async #beat(): Promise<void> {
    await this.#options.measure();
    for (const [name, known] of this.#markers) {
      const marker = await this.#store.get(name);
      if (!marker) return this.#replaced(name, 'its marker is gone');
      if (marker.seen_at_ms < known.seen_at_ms - slackMs) return this.#wentBack(name, known, marker);
      // Another instance may have noticed, or a person says so.
      if (marker.recovering && !this.#mayRecover(name))
        return this.#replaced(name, `what holds is being recovered (${marker.recovering.note})`);
      // The log that is recovered to may be another one.
      if (marker.recovering) this.#publishedTo.clear();
      const published = publishedBy(name).some((topic) => this.#publishedTo.has(topic));
      await this.#mark(name, marker, published);
    }
  }

  #mayRecover(service: ServiceName): boolean {
    return this.#options.services.some(({ name, mayRecover }) => name === service && mayRecover);
  }

  /** The same store is that of all services of this process, and of what was decided since none of them has a record. */
  async #wentBack(name: ServiceName, known: Installation, marker: Installation): Promise<void> {
    const [from, to] = [known, marker].map(({ seen_at_ms }) => new Date(seen_at_ms).toISOString());
    const note = `the store went back from ${from} to ${to}`;
    for (const each of this.#markers.keys()) await beginRecovery(this.#store, each, this.#options.now(), note);
    this.#replaced(name, note);
  }

  #replaced(name: ServiceName, what: string): void {
    const message = `the store of ${name} was replaced while it was used: ${what}`;
    this.#options.log.error({ service: name, code: 'store_replaced' }, message);
    this.#options.onFatal(new Error(message));
  }
}

/** What nobody else publishes, commands and previews left out. */
const publishedBy = (service: ServiceName) =>
  eventNames.filter((name) => catalogue[name].from === service && !previews.has(name));
