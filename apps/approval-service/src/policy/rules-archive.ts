import { emit, type Log } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import type { EpochMillis } from '@countersign/contracts/time';
import {
  changed,
  ignored,
  newRecord,
  type Collection,
  type CommandHandler,
  type StoredRecord,
  type Transition,
} from '@countersign/persistence';
import type { Rules } from './rules.js';

/** Rules that were in force, for whoever wants to know later what a decision was made by. */
export interface RulesVersion extends StoredRecord {
  /** Their digest, which decisions name. */
  id: string;
  event_key: string;
  rules: JsonObject;
}

export interface RulesMessage {
  type: 'in_force';
  version: string;
  rules: JsonObject;
}

type JsonObject = Record<string, unknown>;

export const rulesCollection: Collection<RulesVersion> = { name: 'rules_versions', key: 'id', indexes: [] };

export function decideRules(
  known: RulesVersion | undefined,
  { version, rules }: RulesMessage,
  now: EpochMillis,
): Transition<RulesVersion> {
  if (known) return ignored('the rules are kept');
  const state = { ...newRecord(now), id: version, event_key: version, rules };
  return changed(state, emit('config.rules_declared', { version, rules }));
}

/** Keeps each version of the rules, and tells of it once. */
export class RulesArchive {
  readonly #kept = new Set<string>();

  constructor(
    private readonly versions: Pick<CommandHandler<RulesVersion, RulesMessage>, 'execute'>,
    private readonly log: Pick<Log, 'error'>,
  ) {}

  /** @throws RetryableError while they cannot be stored */
  async keep({ set, version }: Rules): Promise<void> {
    if (this.#kept.has(version)) return;
    const rules = { ...set } as JsonObject;
    try {
      await this.versions.execute(version, { type: 'in_force', version, rules }, { creates: true });
    } catch (err) {
      if (!(err instanceof TerminalError)) throw err;
      this.log.error({ err, version }, 'cannot publish the rules in force; evidence will lack them');
    }
    this.#kept.add(version);
  }
}
