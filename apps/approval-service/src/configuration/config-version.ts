import { emit } from '@countersign/contracts';
import { mostConfigChanges, type ConfigChange, type ConfigVersion } from '@countersign/contracts/configuration';
import type { ProblemCode } from '@countersign/contracts/problems';
import type { EpochMillis } from '@countersign/contracts/time';
import { changed, ignored, newRecord, rejected, type Transition } from '@countersign/persistence';
import { configVersionId, type StoredConfigVersion } from '@countersign/service/configuration';

/** A text is put in force, after the version with the number before. */
export type ConfigVersionMessage = { type: 'activated'; changes: readonly ConfigChange[] } & Pick<
  ConfigVersion,
  'number' | 'digest' | 'rules_version' | 'previous' | 'trigger' | 'by' | 'text'
>;

/** Of all who put something in force after the same version exactly one does: each number is one record. */
export function decideConfigVersion(
  version: StoredConfigVersion | undefined,
  { changes, text, by, number, digest, rules_version, previous, trigger }: ConfigVersionMessage,
  now: EpochMillis,
): Transition<StoredConfigVersion, Extract<ProblemCode, 'config_conflict'>> {
  if (version?.digest === digest && version.previous === previous) return ignored('it is in force');
  if (version)
    return rejected(
      'config_conflict',
      `version ${version.number} was put in force by ${version.by ?? version.trigger}`,
    );
  const data = {
    number,
    digest,
    rules_version,
    previous,
    trigger,
    changes: changes.slice(0, mostConfigChanges),
    changes_total: changes.length,
  };
  const state = {
    id: configVersionId(number),
    event_key: 'config',
    ...data,
    by,
    text,
    ...newRecord(now),
  };
  return changed(state, emit('config.activated', data));
}
