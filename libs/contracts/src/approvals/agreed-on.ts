import type { Approval, ResolutionData } from './approval.js';
import { canonicalJson } from '../json/canonical-json.js';

type Decided = Pick<Approval, 'decisions' | 'tool_args' | 'approved_args' | 'resolution_data'>;
type Agreed = Pick<ResolutionData, 'values' | 'tool_args' | 'result' | 'grant'>;

/**
 * What others have approved already, which every later approver has to approve as well; null when no one has.
 * The record keeps what was filled in apart from the arguments that were edited, and so does a decision.
 */
export function agreedOn({ decisions, tool_args, approved_args, resolution_data }: Decided): Agreed | null {
  if (!decisions.some(({ verdict }) => verdict === 'approved')) return null;
  const { values, result, grant } = resolution_data ?? {};
  const filled = new Set(Object.keys(values ?? {}));
  const withoutFilled = (args: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(args).filter(([name]) => !filled.has(name)));
  const edited = withoutFilled(approved_args ?? tool_args);
  const isEdited = canonicalJson(edited) !== canonicalJson(withoutFilled(tool_args));
  return {
    ...(values && { values }),
    ...(isEdited && { tool_args: edited }),
    ...(result !== undefined && { result }),
    ...(grant && { grant }),
  };
}
