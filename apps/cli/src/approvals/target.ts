import type { Approval } from '@countersign/contracts/approvals';
import { typedTarget } from '@countersign/contracts/presentation';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import type { Questions } from '../terminal/questions.js';
import { markedLine } from '@countersign/contracts/text';

/** What has to be typed to approve a call with these arguments; null: it is not critical. */
export const targetOf = ({ tool_name, presentation }: Approval, tool_args: Record<string, unknown>): string | null =>
  typedTarget({ tool_name, tool_args, presentation });

/**
 * Has the target of a critical call typed: at the terminal, or as an option where nobody can be asked.
 *
 * @returns it, for the server
 * @throws Failure when it is another
 */
export async function confirmTarget(
  target: string | null,
  { given, questions }: { given?: string | undefined; questions?: Questions | undefined },
): Promise<string | undefined> {
  if (target === null) return undefined;
  const typed = given ?? (await questions?.text(`Type ${markedLine(target)} to approve`, { check: () => undefined }));
  if (typed === target) return target;
  const what =
    typed === undefined ? `say --target ${JSON.stringify(target)}` : `its target is ${JSON.stringify(target)}`;
  throw new Failure(exitCodes.usage, `This call is critical: ${what}. Nothing was decided.`);
}
