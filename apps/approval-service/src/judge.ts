import { plainTerms, type EventData, type Grant, type Ruling } from '@countersign/contracts';
import {
  evaluate,
  policySetOf,
  policyVersion,
  shadowSetOf,
  type Definitions,
  type PolicyCall,
  type PolicyResult,
  type PolicySet,
} from '@countersign/definitions';
import type { Store } from '@countersign/persistence';
import type { Judgement } from './asked.js';
import { covers } from './grant.js';

export interface JudgeOptions {
  definitions: Definitions;
  grants: Store<Grant>;
  /** For terms that set no time limit, in seconds; `null` for never. */
  expires_in: number | null;
  now(): number;
}

/** A set of rules and its digest, which is the same for every call. */
interface Rules {
  set: PolicySet;
  version: string;
}

/** Grants of one tool of one agent that are looked through. */
const mostGrants = 1_000;

/** Says what the rules, and the grants that people gave, make of a request. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #rules: Rules;
  readonly #shadow: Rules | null;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#rules = rulesOf(policySetOf(options.definitions));
    const shadow = shadowSetOf(options.definitions);
    this.#shadow = shadow && rulesOf(shadow);
  }

  async judge(asked: EventData<'tool.approval_required'>): Promise<Judgement> {
    const call: PolicyCall = { ...asked, requester: asked.user_id, arguments: asked.tool_args };
    const { set, version } = this.#rules;
    const result = evaluate(set, call);
    const shadow = this.#shadow && rulingOf(this.#shadow.version, evaluate(this.#shadow.set, call));
    const terms = result.terms ?? plainTerms;
    return {
      terms: { ...terms, expires_in: terms.expires_in ?? this.#options.expires_in },
      policy: rulingOf(version, result),
      shadow,
      reason: result.reason,
      // What a person is to fill in, no grant fills in.
      grant_id: result.outcome === 'require' && asked.pause_type !== 'user_input' ? await this.#grantFor(asked) : null,
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

const rulesOf = (set: PolicySet): Rules => ({ set, version: policyVersion(set) });

const rulingOf = (version: string, { rule, outcome }: PolicyResult): Ruling => ({ version, rule, outcome });
