import { blockOf, type Block } from './block.js';
import { argumentOf, type PresentableCall } from './presentable-call.js';
import type { Risk } from './presentation.js';
import { environmentOf, riskOf, type PresentedEnvironment } from './risk.js';
import { argumentsInTitle, inOrder, titleOf, type TitlePart } from './title.js';

export interface PresentedArgument {
  name: string;
  block: Block;
  /** Whether the tool declares that it matters first. */
  isFirst: boolean;
}

/** A call as people are shown it, wherever they are: its shape, without a look. */
export interface PresentedCall {
  title: TitlePart[];
  risk: Risk;
  environment: PresentedEnvironment | null;
  /** What is typed to approve a critical call: its environment, what its title names first, or the tool. */
  target: string;
  /** All of them. */
  args: PresentedArgument[];
}

/** What has to be typed to approve this call; null: it is not critical. */
export function typedTarget(call: PresentableCall): string | null {
  const { risk, target } = presentCall(call);
  return risk === 'critical' ? target : null;
}

export function presentCall(call: PresentableCall): PresentedCall {
  const { tool_args, presentation } = call;
  const environment = environmentOf(call);
  const first = presentation?.first ?? [];
  return {
    title: titleOf(call),
    risk: riskOf(call),
    environment,
    target: environment?.name ?? titleTarget(call) ?? call.tool_name,
    args: inOrder(Object.keys(tool_args), first).map((name) => ({
      name,
      block: blockOf(tool_args[name], name, formatOf(call, name)),
      isFirst: first.includes(name),
    })),
  };
}

const formatOf = ({ presentation }: PresentableCall, name: string) =>
  presentation && Object.hasOwn(presentation.formats, name) ? presentation.formats[name] : undefined;

function titleTarget({ presentation, tool_args }: PresentableCall): string | undefined {
  const values = argumentsInTitle(presentation?.title ?? '').map((name) => argumentOf(tool_args, name));
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
