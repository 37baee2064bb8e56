import type { EventData } from '@countersign/contracts';
import { policySetOf, shadowSetOf, type Definitions } from '@countersign/definitions';
import type { PolicyDecision } from '../approval/approval-request.js';
import { judgeBy, rulesOf, type Rules } from './rules.js';

/** Says what the rules make of a request. */
export class PolicyEvaluator {
  /** Those in force. */
  readonly rules: Rules;
  readonly #shadow: Rules | null;

  constructor(definitions: Definitions) {
    this.rules = rulesOf(policySetOf(definitions));
    const shadow = shadowSetOf(definitions);
    this.#shadow = shadow && rulesOf(shadow);
  }

  evaluate(asked: EventData<'tool.approval_required'>): PolicyDecision {
    const facts = { ...asked, requirements: [asked.requirement] };
    const ruled = judgeBy(this.rules, facts, asked.tool_args);
    return {
      ...ruled,
      rules_version: this.rules.version,
      shadow: this.#shadow && judgeBy(this.#shadow, facts, asked.tool_args).policy,
      grant: null,
    };
  }
}
