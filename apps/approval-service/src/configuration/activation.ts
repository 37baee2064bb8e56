import { actOf, type Principal } from '@countersign/auth';
import type { Log } from '@countersign/contracts';
import type { ConfigChange, ReloadedConfig } from '@countersign/contracts/configuration';
import { ConfigError } from '@countersign/contracts/problems';
import { policySetOf, policyVersion, type PolicySet } from '@countersign/definitions/policy';
import { changesBetween, readDeclaration, type Declaration } from '@countersign/definitions/versions';
import type { CommandHandler } from '@countersign/persistence';
import type { Configuration, StoredConfigVersion } from '@countersign/service/configuration';
import type { ConfigVersionMessage } from './config-version.js';

export interface ActivationOptions {
  versions: CommandHandler<StoredConfigVersion, ConfigVersionMessage, 'config_conflict'>;
  configuration: Configuration;
  /** What rules would make of what waits. */
  pendingUnder(rules: PolicySet): Promise<ReloadedConfig['pending']>;
  log: Log;
}

/** Somebody else has put another version in force meanwhile. */
export class ConfigConflict extends Error {
  override readonly name = 'ConfigConflict';
}

/** The file is another than whoever asks has looked at. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

type Asked = Pick<ConfigVersionMessage, 'trigger'> & { who?: Principal };

/** Puts the file of this machine in force, for all instances of all services: all of it, at one moment, or nothing of it. */
export class Activation {
  readonly #options: ActivationOptions;

  constructor(options: ActivationOptions) {
    this.#options = options;
  }

  /**
   * A start with a file that never was in force puts it in force. One that was is an old copy, where others work on the
   * same store: it would take back for all what somebody has decided since.
   */
  async atStart(): Promise<void> {
    const { configuration, versions, log } = this.#options;
    const own = configuration.declaration;
    const latest = await configuration.latest();
    if (latest?.digest === own.digest) return;
    const isOldCopy = latest && !configuration.alone && (await versions.store.count({ digest: own.digest })) > 0;
    // What is in the way was logged.
    if (isOldCopy) return;
    try {
      await this.#activate(own, latest, { trigger: 'start' });
    } catch (error) {
      if (!(error instanceof ConfigConflict)) throw error;
      log.info({ reason: error.message }, 'another instance has put its configuration in force');
      await configuration.look();
    }
  }

  /**
   * What was in force stays so when it throws.
   *
   * @param digest of the file that was looked at
   * @throws ConfigError saying what is wrong, with lines; ConfigConflict; FileChanged
   */
  async activate(asked: Asked, digest?: string): Promise<ReloadedConfig> {
    const next = this.#read(digest);
    const latest = await this.#options.configuration.latest();
    if (latest?.digest === next.digest) return this.#result('unchanged', latest.number, next, []);
    const { number, changes } = await this.#activate(next, latest, asked);
    return this.#result('activated', number, next, changes);
  }

  /** What `activate` would come to now. */
  async dryRun(digest?: string): Promise<ReloadedConfig> {
    const next = this.#read(digest);
    const latest = await this.#options.configuration.latest();
    const changes = changesSince(latest, next);
    await this.#options.configuration.prepare(next);
    const outcome = latest?.digest === next.digest ? 'unchanged' : 'would_activate';
    return this.#result(outcome, latest?.number ?? 0, next, changes);
  }

  #read(digest: string | undefined): Declaration {
    const { path } = this.#options.configuration;
    const next = readDeclaration(path);
    if (digest === undefined || next.digest === digest) return next;
    throw new FileChanged(`${path} is another file (sha256 ${next.digest.slice(0, 12)})`);
  }

  async #activate(next: Declaration, latest: StoredConfigVersion | undefined, { trigger, who }: Asked) {
    const { configuration, log, versions } = this.#options;
    const takeOver = await configuration.prepare(next);
    const changes = changesSince(latest, next);
    const { digest, text, definitions } = next;
    const number = (latest?.number ?? 0) + 1;
    const rules_version = policyVersion(policySetOf(definitions));
    const previous = latest?.digest ?? null;
    const by = who?.subject ?? null;
    const message = { type: 'activated', number, digest, previous, rules_version, trigger, changes, by, text } as const;
    const act = who && { act: actOf(who) };
    const handled = await versions.execute(String(number), message, { creates: true, ...act });
    if (handled.kind === 'rejected') throw new ConfigConflict(handled.reason);
    await configuration.outlastLooks();
    takeOver(handled.state!);
    log.info({ version: number, digest, trigger, by }, 'the configuration was put in force');
    return { number, changes };
  }

  async #result(
    outcome: ReloadedConfig['outcome'],
    number: number,
    { digest, definitions }: Declaration,
    changes: ConfigChange[],
  ): Promise<ReloadedConfig> {
    const pending = await this.#options.pendingUnder(policySetOf(definitions));
    return { outcome, number, digest, changes, changes_total: changes.length, pending };
  }
}

/** Of the first version there is nothing to compare with, nor of one that this program cannot read any more. */
function changesSince(before: StoredConfigVersion | undefined, { text, definitions }: Declaration): ConfigChange[] {
  if (!before) return [];
  try {
    return changesBetween(before.text, text, definitions.path).map((each) => ({ path: each.path, kind: kindOf(each) }));
  } catch (error) {
    if (error instanceof ConfigError) return [{ path: '', kind: 'changed' }];
    throw error;
  }
}

const kindOf = ({ before, after }: { before: unknown; after: unknown }): ConfigChange['kind'] =>
  before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
