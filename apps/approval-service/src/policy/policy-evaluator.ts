import type { EventData } from '@countersign/contracts';
import type { Definitions } from '@countersign/definitions';
import { policySetOf, shadowSetOf } from '@countersign/definitions/policy';
import { noTracing, type Tracing } from '@countersign/service';
import type { PolicyDecision } from '../approval/approval-request.js';
import { rulingOf, rulesOf, type Rules } from './rules.js';

/** Says what the rules make of a request. */
export class PolicyEvaluator {
  /** Those in force. */
  readonly rules: Rules;
  readonly #shadow: Rules | null;

  constructor(
    definitions: Definitions,
    private readonly tracing: Tracing = noTracing,
  ) {
    this.rules = rulesOf(policySetOf(definitions));
    const shadow = shadowSetOf(definitions);
    this.#shadow = shadow && rulesOf(shadow);
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
      possibly_executed: null,
    };
  }
}
