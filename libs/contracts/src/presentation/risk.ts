import { argumentOf, type PresentableCall } from './presentable-call.js';
import type { EnvironmentColor, Presentation, Risk } from './presentation.js';

const ranks: Record<Risk, number> = { low: 0, high: 1, critical: 2 };

/** All there are, the least first. */
export const risks = Object.keys(ranks) as Risk[];

const riskiest = (risks: readonly Risk[]): Risk =>
  risks.reduce((most, risk) => (ranks[risk] > ranks[most] ? risk : most), 'low');

export interface PresentedEnvironment {
  /** As the argument spells it; null: the call does not name one. */
  name: string | null;
  color: EnvironmentColor;
  /** Whether it is one of those that are declared. */
  isKnown: boolean;
}

/** Where a call is made, as far as its tool declares it. A spelling that is not declared is as alarming as any. */
export function environmentOf({ presentation, tool_args }: PresentableCall): PresentedEnvironment | null {
  if (!presentation?.environment) return null;
  const { argument, values } = presentation.environment;
  const value = argumentOf(tool_args, argument);
  const name = value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value);
  const known = knownAs(value, values);
  const color = known?.color ?? (Object.keys(values).length > 0 ? 'red' : 'gray');
  return { name, color, isKnown: known !== undefined };
}

/** The risk of a call with these arguments: that of its tool, or more where its environment has more. */
export function riskOf({ presentation, tool_args }: PresentableCall): Risk {
  if (!presentation) return 'low';
  const { environment, risk } = presentation;
  if (!environment) return risk;
  const { argument, values } = environment;
  const known = knownAs(argumentOf(tool_args, argument), values);
  const counted = known ? [known] : Object.values(values);
  return riskiest([risk, ...counted.flatMap((each) => each.risk ?? [])]);
}

type Values = NonNullable<Presentation['environment']>['values'];

const knownAs = (value: unknown, values: Values): Values[string] | undefined =>
  typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : undefined;

/** Whether one is a higher risk than the other. */
export const isRiskier = (one: Risk, other: Risk): boolean => ranks[one] > ranks[other];

/** Whether a call of this risk may be approved together with others. */
export const mayBeApprovedTogether = (risk: Risk): boolean => risk === 'low';
