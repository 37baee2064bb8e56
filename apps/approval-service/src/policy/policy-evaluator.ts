import type { EventData } from '@countersign/contracts';
import type { Definitions } from '@countersign/definitions';
import { policySetOf, shadowSetOf } from '@countersign/definitions/policy';
import { noTracing, type Tracing } from '@countersign/service';
import type { PolicyDecision } from '../approval/approval-request.js';
import { rulingOf, rulesOf, type Rules, type RulesInForce } from './rules.js';

/** Says what the rules make of a request. */
export class PolicyEvaluator implements RulesInForce {
  #rules: Rules;
  #shadow: Rules | null;

  constructor(
    definitions: Definitions,
    private readonly tracing: Tracing = noTracing,
    readonly fresh: RulesInForce['fresh'] = async () => {},
  ) {
    ({ rules: this.#rules, shadow: this.#shadow } = of(definitions));
  }

  get rules(): Rules {
    return this.#rules;
  }

  /** From now on these. */
  use(definitions: Definitions): void {
    ({ rules: this.#rules, shadow: this.#shadow } = of(definitions));
  }

  evaluate(call: EventData<'tool.approval_required'>): PolicyDecision {
    const facts = { ...call, requirements: [call.requirement] };
    const attributes = { 'gen_ai.tool.name': call.tool_name, 'countersign.policy.version': this.rules.version };
    const ruled = this.tracing.span('evaluate_policy', { attributes }, (span) => {
      const ruled = rulingOf(this.rules, facts, call.tool_args);
      const { rule, outcome } = ruled.policy;
      span.set({ 'countersign.policy.rule': rule, 'countersign.policy.outcome': outcome });
      return ruled;
    });
    return {
      ...ruled,
      rules_version: this.rules.version,
      shadow: this.#shadow && rulingOf(this.#shadow, facts, call.tool_args).policy,
      grant: null,
      presentation: null,
      preview: null,
      previewBefore: null,
      possibly_executed: null,
    };
  }
}

function of(definitions: Definitions): { rules: Rules; shadow: Rules | null } {
  const shadow = shadowSetOf(definitions);
  return { rules: rulesOf(policySetOf(definitions)), shadow: shadow && rulesOf(shadow) };
}
