import type { Seconds } from '@countersign/contracts/time';
import type { z } from 'zod';
import type { Parametric } from '../checks/template.js';
import type { Path, Problem } from '../load/source.js';

/** What every kind lets the file say. The rest is the kind's own. */
interface Timed {
  timeout?: Seconds | undefined;
}

/** A way to make calls that the executor has an adapter for. */
export interface ExecuteKindDefinition<Name extends string, Schema extends z.ZodType<Timed>> {
  /** The field under `execute`, and the folder of the kind here and under the executor's `adapters`. */
  name: Name;
  schema: Schema;
  /** What is wrong with an entry beyond its shape. */
  checks(entry: z.infer<Schema>, tool: Parametric, path: Path): Problem[];
}

/** Keeps the name and the schema as precise as they are written: the types of all entries come from them. */
export const defineExecuteKind = <const Name extends string, Schema extends z.ZodType<Timed>>(
  kind: ExecuteKindDefinition<Name, Schema>,
): ExecuteKindDefinition<Name, Schema> => kind;
