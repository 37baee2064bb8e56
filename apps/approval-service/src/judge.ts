import type { EventData, Grant } from '@countersign/contracts';
import { policySetOf, shadowSetOf, type Definitions } from '@countersign/definitions';
import type { Store } from '@countersign/persistence';
import type { Judgement } from './asked.js';
import { covers } from './grant.js';
import { judgeBy, rulesOf, type Rules } from './rules.js';

export interface JudgeOptions {
  definitions: Definitions;
  grants: Store<Grant>;
  /** For terms that set no time limit, in seconds; `null` for never. */
  expires_in: number | null;
  now(): number;
}

/** Grants of one tool of one agent that are looked through. */
const mostGrants = 1_000;

/** Says what the rules, and the grants that people gave, make of a request. */
export class Judge {
  readonly #options: JudgeOptions;
  /** Those in force. */
  readonly rules: Rules;
  readonly #shadow: Rules | null;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.rules = rulesOf(policySetOf(options.definitions), options.expires_in);
    const shadow = shadowSetOf(options.definitions);
    this.#shadow = shadow && rulesOf(shadow, options.expires_in);
  }

  async judge(asked: EventData<'tool.approval_required'>): Promise<Judgement> {
    const ruled = judgeBy(this.rules, asked, asked.tool_args);
    return {
      ...ruled,
      rules_version: this.rules.version,
      shadow: this.#shadow && judgeBy(this.#shadow, asked, asked.tool_args).policy,
      // What a person is to fill in, no grant fills in.
      grant_id:
        ruled.policy.outcome === 'require' && asked.pause_type !== 'user_input' ? await this.#grantFor(asked) : null,
    };
  }

  async #grantFor(call: EventData<'tool.approval_required'>): Promise<string | null> {
    const { grants, now } = this.#options;
    const at = now();
    const found = await grants.find({
      filter: { agent_id: call.agent_id, tool_name: call.tool_name, expires_at: { gt: Math.floor(at / 1000) } },
      sort: [['expires_at', 'desc']],
      limit: mostGrants,
    });
    return found.find((grant) => covers(grant, call, at))?.id ?? null;
  }
}
