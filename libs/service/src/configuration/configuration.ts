import type { Log } from '@countersign/contracts';
import { ConfigError, RetryableError } from '@countersign/contracts/problems';
import type { Millis } from '@countersign/contracts/time';
import { readDeclaration, refuseRestart, type Declaration } from '@countersign/definitions/versions';
import type { Store } from '@countersign/persistence';
import { setTimeout as delay } from 'node:timers/promises';
import { configVersionId, type StoredConfigVersion } from './config-versions.js';

/** A service, as far as it works by the file. */
export interface Follower {
  /** By which it works now. */
  declaration: Declaration;
  /**
   * Makes what follows from another. Nothing is other than before until the function that it returns is called, which
   * does not fail.
   *
   * @throws ConfigError when it cannot work by that
   */
  prepare(next: Declaration): Promise<() => void>;
}

export interface ConfigurationOptions {
  store: Pick<Store<StoredConfigVersion>, 'get' | 'find'>;
  /** The file of this machine. */
  path: string;
  /** Nobody else works on the store, so that what is in force changes in this process alone. */
  alone: boolean;
  log: Log;
  /** How often to look without a decision to make, and whether the file of a machine that waits for it is there. */
  everyMs?: Millis;
  /** How long a look counts. It is the same in all processes on a store. */
  looksForMs?: Millis;
  /** What measures it; default: this machine's monotonic clock, and its timers. */
  elapsed?(): Millis;
  wait?(duration: Millis): Promise<unknown>;
}

/**
 * Which version of the file is in force, and that this process works by no other. The store says which, by a digest; the
 * file of this machine says what it is, so that nobody who writes to the store can have anything run here that is not in
 * the file. A process that does not have that file does nothing until it has.
 */
export class Configuration {
  readonly #options: Required<ConfigurationOptions>;
  readonly #followers: Follower[] = [];
  /** Of the newest version that is known; 0 when there is none yet, and then the file counts. */
  #number: number | undefined;
  #latest: StoredConfigVersion | undefined;
  /** Why this process does not work by it. */
  #problem: string | undefined;
  #looking: Promise<void> | undefined;
  /** When the last look began that found nothing later. */
  #lookedAt: Millis = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ConfigurationOptions) {
    this.#options = { everyMs: 1_000, looksForMs: 100, elapsed: () => performance.now(), wait: delay, ...options };
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  get path(): string {
    return this.#options.path;
  }

  get alone(): boolean {
    return this.#options.alone;
  }

  /** By which this process works. */
  get declaration(): Declaration {
    const [first] = this.#followers;
    if (!first) throw new Error('nothing here works by the file');
    return first.declaration;
  }

  /** Of the file by which this process works, whatever the number of its version: that may not be known yet. */
  get digest(): string {
    return this.declaration.digest;
  }

  /**
   * Resolves when this process works by what is in force: to be awaited right before every decision that depends on the
   * file. A look counts for `looksForMs`, as a lease on the version that it found: whoever puts another one in force, or finds
   * it there, lets as much time pass before working by it. So no two processes decide by two versions at a time.
   *
   * @throws RetryableError when it does not, or that is not known
   */
  async fresh(): Promise<void> {
    while (this.#looking) await this.#looking;
    if (!this.#options.alone && !this.#hasLooked()) while (await this.#isOutdated()) await this.look();
    if (this.#problem !== undefined) throw new RetryableError(this.#problem);
  }

  /** The version in force, whether or not this process works by it; undefined: none was activated yet. */
  async latest(): Promise<StoredConfigVersion | undefined> {
    await this.look();
    return this.#latest;
  }

  /** Looks which version is in force, and takes it over. @throws RetryableError while the store is out of reach */
  look(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
  }

  /**
   * Makes what follows from another version, in all of this process.
   *
   * @returns what takes it over, at one moment
   * @throws ConfigError when that cannot be
   */
  async prepare(next: Declaration): Promise<(version: StoredConfigVersion) => void> {
    const others = this.#followers.filter(({ declaration }) => declaration.digest !== next.digest);
    for (const { declaration } of others) refuseRestart(declaration.definitions, next);
    const prepared = await Promise.all(others.map((follower) => follower.prepare(next)));
    return (version) => {
      // A look of this process may have come first, and have found this version or a later one.
      if ((this.#number ?? 0) > version.number) return;
      if (others.some(({ declaration }) => declaration.digest !== next.digest)) {
        others.forEach((follower) => (follower.declaration = next));
        for (const takeOver of prepared) takeOver();
      }
      this.#know(version);
      this.#problem = undefined;
    };
  }

  /** Lets the looks of other processes end, which may have found nothing later. */
  async outlastLooks(): Promise<void> {
    if (!this.#options.alone) await this.#options.wait(this.#options.looksForMs);
  }

  /** As far as is known, without a look. @throws RetryableError why this process does nothing */
  async check(): Promise<void> {
    if (this.#problem !== undefined) throw new RetryableError(this.#problem);
  }

  /** Looks from now on, also when there is nothing to decide. */
  start(): void {
    if (this.#options.alone) return;
    const { everyMs, log } = this.#options;
    const look = () => {
      const looked = this.#problem === undefined ? this.fresh() : this.look();
      looked.catch((err: unknown) => {
        if (this.#problem === undefined) log.warn({ err }, 'cannot read which configuration is in force');
      });
    };
    this.#timer = setInterval(look, everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking?.catch(() => {});
  }

  async #isOutdated(): Promise<boolean> {
    if (this.#number === undefined) return true;
    const began = this.#options.elapsed();
    const later = await this.#options.store.get(configVersionId(this.#number + 1));
    if (!later) this.#lookedAt = began;
    return later !== undefined;
  }

  #hasLooked(): boolean {
    return this.#options.elapsed() - this.#lookedAt < this.#options.looksForMs;
  }

  #know(version: StoredConfigVersion | undefined): void {
    this.#latest = version;
    this.#number = version?.number ?? 0;
    this.#lookedAt = -Infinity;
  }

  async #look(): Promise<void> {
    const [found] = await this.#options.store.find({ filter: {}, sort: [['number', 'desc']], limit: 1 });
    const isNew = found?.number !== this.#number;
    if (found && isNew) await this.outlastLooks();
    if (found && (this.#number ?? 0) > found.number) return;
    // It counts as known only once it is taken over, or it is known why not: what fails otherwise is looked at again.
    const problem = found && (await this.#takeOver(found));
    this.#know(found);
    if (!found) return;
    if (problem !== undefined && (isNew || problem !== this.#problem))
      this.#options.log.error({ code: 'config_not_applied', version: found.number }, problem);
    this.#problem = problem;
  }

  /** @returns why not */
  async #takeOver(version: StoredConfigVersion): Promise<string | undefined> {
    const { number, digest } = version;
    if (this.#followers.every(({ declaration }) => declaration.digest === digest)) return undefined;
    const inForce = `version ${number} of the configuration (sha256 ${digest.slice(0, 12)}) is in force`;
    try {
      const next = readDeclaration(this.#options.path);
      if (next.digest !== digest)
        return `${inForce}, and ${this.#options.path} is another (sha256 ${next.digest.slice(0, 12)}): put the file of that version there, or activate this one with countersign config reload`;
      (await this.prepare(next))(version);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return `${inForce}, and this process cannot work by it: ${error.message}`;
    }
    this.#options.log.info({ version: number, digest }, 'another version of the configuration is in force');
    return undefined;
  }
}
