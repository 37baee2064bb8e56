import { emit } from '@countersign/contracts';
import type { EpochMillis } from '@countersign/contracts/time';
import {
  changed,
  ignored,
  newRecord,
  type Collection,
  type StoredRecord,
  type Transition,
} from '@countersign/persistence';

/** A checkpoint as it was signed and published. */
export interface CheckpointRecord extends StoredRecord {
  id: string;
  event_key: string;
  origin: string;
  size: number;
  root: string;
  note: string;
}

export interface CheckpointMessage {
  type: 'signed';
  origin: string;
  size: number;
  root: string;
  note: string;
}

export const checkpointCollection: Collection<CheckpointRecord> = {
  name: 'checkpoints',
  key: 'id',
  indexes: [['size']],
};

/** Checkpoints of one size are one. */
export const checkpointId = (size: number): string => String(size).padStart(16, '0');

export function decideCheckpoint(
  known: CheckpointRecord | undefined,
  { type: _type, ...checkpoint }: CheckpointMessage,
  now: EpochMillis,
): Transition<CheckpointRecord> {
  if (known) return ignored('a checkpoint of this size is known');
  return changed(
    { ...newRecord(now), id: checkpointId(checkpoint.size), event_key: checkpoint.origin, ...checkpoint },
    emit('audit.checkpoint_signed', checkpoint),
  );
}
