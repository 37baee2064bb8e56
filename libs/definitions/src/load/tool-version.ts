import type { ToolAnnotations, ToolVersion } from '@countersign/contracts/calls';
import { canonicalJson } from '@countersign/contracts/json';
import { createHash } from 'node:crypto';
import type { ToolDefinition } from '../schema/tool.js';

/** A digest of anything that JSON can say. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);

type Gated = Pick<ToolDefinition, 'approval' | 'requires' | 'user_input' | 'made_by'>;

/** What a call means, in parts; in words for the error when one has changed. */
const parts = {
  parameters: ({ parameters }: ToolDefinition) => digestOf(parameters),
  gate: ({ approval, requires, user_input, made_by }: Gated) => digestOf({ approval, requires, user_input, made_by }),
  effect: ({ effect = 'none' }: ToolDefinition) => effect,
  annotations: ({ annotations }: Pick<ToolDefinition, 'annotations'>) => annotations && digestOf(annotations),
};
const words: Record<keyof typeof parts, string> = {
  parameters: 'its parameters',
  gate: 'how it is gated',
  effect: 'what is done',
  annotations: 'what its server says of it',
};

/** A definition never changes: an edited one is another object. */
const known = new WeakMap<ToolDefinition, [name: string, part: string][]>();

function partsOf(tool: ToolDefinition): [name: string, part: string][] {
  let found = known.get(tool);
  if (!found) {
    const all = Object.entries(parts).map(([name, of]) => [name, of(tool)] as const);
    found = all.flatMap(([name, part]) => (part === undefined ? [] : [[name, `${name}:${part}`]]));
    known.set(tool, found);
  }
  return found;
}

/** The version of this definition, as calls of it request it. */
export const toolVersion = (tool: ToolDefinition): ToolVersion =>
  partsOf(tool)
    .map(([, part]) => part)
    .join(' ');

/** Whether calls are gated as the requested one, and made by the same service. */
export const isGatedAsRequested = (requested: ToolVersion | null, now: Gated): boolean =>
  requested !== null && requested.split(' ').includes(`gate:${parts.gate(now)}`);

/** Whether this is what the server said of the requested tool. */
export const areRequested = (requested: ToolVersion | null, annotations: ToolAnnotations): boolean =>
  requested !== null && requested.split(' ').includes(`annotations:${digestOf(annotations)}`);

/** @returns which parts of the definition have changed since a call was requested, in words. */
export function changesSince(requested: ToolVersion, now: ToolDefinition): string[] {
  const then = new Set(requested.split(' '));
  // Versions of before do not have it, and nothing was decided by it.
  const hadAnnotations = [...then].some((part) => part.startsWith('annotations:'));
  return partsOf(now)
    .filter(([name, part]) => !then.has(part) && (name !== 'annotations' || hadAnnotations))
    .map(([name]) => words[name as keyof typeof parts]);
}
