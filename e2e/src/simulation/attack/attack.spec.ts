import { unjudged, type PolicyDecision } from '@countersign/approval-service';
import { plainRequireTerms } from '@countersign/contracts/approvals';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { helpers, nameDeputy, ofOps, ops } from '../deputies.js';
import { decide } from '../people.js';
import { tell } from '../story.js';
import type { World } from '../world.js';
import { attack } from './attacker.js';
import { judge, type KnownRules } from './judge.js';
import { openLinks, type Links } from './links.js';

/** Each run of the tests plays other stories. */
const numRuns = 1_000;
/** What deputies do is rare in a story, unless much of it is about them. */
const more = [
  [25, attack],
  [10, nameDeputy],
  [20, decide],
] as const;

const judgement = fc
  .record({ count: fc.constantFrom(1, 2), named: fc.boolean(), policy: fc.constantFrom(null, 'require' as const) })
  .map(({ count, named, policy }): PolicyDecision => {
    const whom = named ? ofOps(count) : { approvers: [{ group: null, count, members: null }] };
    const ruling = policy && { version: 'f00d', rule: null, outcome: policy };
    return { ...unjudged, policy: ruling, terms: { ...plainRequireTerms, ...whom } } as PolicyDecision;
  });
const seeds = fc.array(fc.noShrink(fc.nat()), { maxLength: 400, size: 'max' });

/** Tools that only want a record, unless a rule asks for more. */
const audited = ['restart', 'note', 'tell'];

const rulesOf = ({ policy, terms }: PolicyDecision): KnownRules => ({
  fourEyes: true,
  named: terms.approvers[0]!.group === null ? null : { approvers: ops, deputies: helpers },
  approvals: (tool) => (policy === null && audited.includes(tool) ? 0 : terms.approvers[0]!.count),
});

/**
 * The simulation with what signs and verifies, and somebody who writes to every topic whatever may help: forged, edited,
 * signed anew, with signatures of other events, of another run, again and out of order.
 */
describe('an attacker on every topic', () => {
  let links: Links;
  beforeAll(async () => {
    links = await openLinks();
  });

  /** Stories with these links, each call in them judged. @returns how many calls were made */
  async function play(links: Links, parameters: fc.Parameters<[PolicyDecision, number[]]>): Promise<number> {
    let calls = 0;
    const check = (world: World) => {
      const delegations = [...world.deputies.records.values()];
      for (const made of world.ledger.made)
        judge(made, world.log.all(), links.publicKeys, rulesOf(world.judgement), delegations);
      calls += world.ledger.made.length;
    };
    const told = (judgement: PolicyDecision, seeds: number[]) => tell({ judgement, seeds, more, check, links });
    await fc.assert(fc.asyncProperty(judgement, seeds, told), parameters);
    return calls;
  }

  it('has nothing made that nobody decided on, and keeps no run from its end', { timeout: 300_000 }, async () => {
    expect(await play(links, { numRuns })).toBeGreaterThan(numRuns / 3);
  });

  it.each([
    ['requests', /^tool\.approval_required$/],
    ['ends of runs', /^run\.(failed|cancelled)$/],
    ['decisions', /^approval\.resolved$/],
    ['results', /^tool\.execution_/],
  ])('gets through where %s are not verified', { timeout: 300_000 }, async (_, unverified) => {
    const problemWith: Links['problemWith'] = (service, event, now) =>
      unverified.test(event.type) ? Promise.resolve(undefined) : links.problemWith(service, event, now);
    const playing = play({ ...links, problemWith }, { numRuns: 2_000, seed: 1, endOnFailure: true });
    await expect(playing).rejects.toThrow('Property failed');
  });
});
