import type { RulesOfVersion } from './bundle.js';
import type { Claims } from './signed.js';

type Then = { require?: { break_glass?: unknown } };
interface Rules {
  groups?: Record<string, unknown>;
  rules?: { then?: Then }[];
  default?: Then;
}

/**
 * Why the rules of an approval in an emergency did not let this person, where they are in the evidence: some rule names
 * the group for it, and the person is among its members, unless tokens say who they are.
 */
export function unnamed(claims: Claims, all: readonly RulesOfVersion[]): string | undefined {
  const found = all.find(({ version }) => version === claims['policy_version']);
  const glass = claims['break_glass'] as { by: string; group: string } | undefined;
  if (!found || !glass) return undefined;
  const { groups = {}, rules = [], default: other } = found.rules as Rules;
  const named = [...rules.map(({ then }) => then), other].flatMap((then) => then?.require?.break_glass ?? []);
  if (!named.includes(glass.group)) return 'No rule names the group of whoever approved it in an emergency.';
  const members = Object.hasOwn(groups, glass.group) ? groups[glass.group] : [];
  return members === 'from_token' || (Array.isArray(members) && members.includes(glass.by))
    ? undefined
    : 'Whoever approved it in an emergency is not in the group that the rules name.';
}
