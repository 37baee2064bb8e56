import type { Execution, ExecutionOutput } from '@countersign/contracts/executions';
import type { Clock } from '@countersign/contracts/time';
import { insert, newRecord, type Collection, type Store, type StoredRecord } from '@countersign/persistence';
import { removeAll } from '@countersign/persistence/retention';

/** A piece of what a call printed. */
export interface OutputChunk extends StoredRecord {
  id: string;
  execution_id: string;
  attempt: number;
  /** Counts the pieces of an attempt. */
  n: number;
  text: string;
  /** Characters that were left out after this piece, since no more is kept. */
  left_out: number;
}

export const outputCollection: Collection<OutputChunk> = {
  name: 'execution_outputs',
  key: 'id',
  indexes: [['execution_id', 'attempt', 'n']],
};

/** Pieces that are read at once; more than are ever kept. */
const all = 100_000;

/** All that calls have printed, in pieces, so that what a worker stored before it died is there. */
export class Outputs {
  constructor(
    private readonly store: Store<OutputChunk>,
    private readonly now: Clock,
  ) {}

  /** Stores a piece; each has a number of its own. */
  async add(chunk: Pick<OutputChunk, 'execution_id' | 'attempt' | 'n' | 'text' | 'left_out'>): Promise<void> {
    const id = `${chunk.execution_id}/${chunk.attempt}/${chunk.n}`;
    await insert(this.store, { id, ...chunk, ...newRecord(this.now()) });
  }

  /** All that these executions have printed. */
  find(ids: readonly string[]): Promise<OutputChunk[]> {
    return this.store.find({ filter: { execution_id: { in: ids } }, sort: [], limit: all });
  }

  async remove(ids: readonly string[]): Promise<void> {
    for await (const _removed of removeAll(this.store, { execution_id: { in: ids } }));
  }

  /** What one attempt has printed so far. */
  async read(execution: Execution, attempt: number): Promise<ExecutionOutput> {
    const filter = { execution_id: execution.id, attempt };
    const chunks = await this.store.find({ filter, sort: [['n', 'asc']], limit: all });
    const text = chunks.map((chunk) => chunk.text).join('');
    const left_out = chunks.at(-1)?.left_out ?? 0;
    const ended = execution.attempts.find((each) => each.attempt === attempt)?.ended_at != null;
    return {
      execution_id: execution.id,
      attempt,
      text,
      total_characters: text.length + left_out,
      complete: ended && left_out === 0,
    };
  }
}
