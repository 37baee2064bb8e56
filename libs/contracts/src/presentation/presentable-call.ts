import type { Presentation } from './presentation.js';

/** What a call is shown by. */
export interface PresentableCall {
  tool_name: string;
  tool_args: Record<string, unknown>;
  /** null: nothing is declared, and the values alone say how they are shown. */
  presentation: Presentation | null;
}

/** An argument of its own, and not what every object has. */
export const argumentOf = (args: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(args, name) ? args[name] : undefined;
