import { standingApprovals, type Approval } from '@countersign/contracts/approvals';
import { markedLine, visibleLine } from '@countersign/contracts/text';
import { At, Left } from '../clock.js';
import { duration } from '../time.js';
import { Status } from '../ui/notes.js';
import { Visible } from '../ui/visible.js';
import { decidingRule } from './decision/decision.js';

const onTrial: Record<NonNullable<Approval['shadow']>['outcome'], string> = {
  approve: 'would approve it by themselves',
  reject: 'would reject it by themselves',
  require: 'would ask people',
};

/** Who must decide and by which rule, and who has. */
export function Terms({ approval }: { approval: Approval }) {
  const { terms, policy, shadow, decisions, required_approvals, expires_at, status, escalate_at, escalated_at } =
    approval;
  const ruling = decidingRule(approval);
  return (
    <section aria-labelledby="terms">
      <h2 id="terms">Who decides</h2>
      <dl class="facts">
        {ruling ? (
          <>
            <dt>By</dt>
            <dd>nobody: the rule {ruling.outcome === 'approve' ? 'lets such calls through' : 'rejects such calls'}</dd>
          </>
        ) : (
          <>
            <dt>Approvals</dt>
            <dd>
              {standingApprovals(approval)} of {required_approvals}
            </dd>
            <dt>By</dt>
            <dd>
              {terms.approvers.map(({ group, count, members }) => (
                <span class="who" key={String(group)}>
                  {group === null
                    ? `${count === 1 ? 'anybody' : `${count} people`} who may approve`
                    : `${count} of ${group}`}
                  {members && members.length > 0 && <span class="muted"> ({members.map(visibleLine).join(', ')})</span>}
                </span>
              ))}
              <span class="muted">
                {terms.four_eyes ? ' never the requester' : ' four eyes is off: the requester may approve'}
              </span>
            </dd>
          </>
        )}
        {terms.reason_required.length > 0 && (
          <>
            <dt>With a reason</dt>
            <dd>to {terms.reason_required.join(' and to ')}</dd>
          </>
        )}
        {expires_at !== null && (
          <>
            <dt>Until</dt>
            <dd>
              <At at={expires_at} />
              {status === 'pending' && (
                <span class="muted">
                  {' '}
                  (<Left until={expires_at} />)
                </span>
              )}
            </dd>
          </>
        )}
        {terms.escalate_after !== null && (
          <>
            <dt>Escalation</dt>
            <dd>
              {escalated_at !== null ? 'has reached ' : `after ${duration(terms.escalate_after)} to `}
              {terms.escalate_to.map(({ group }) => group).join(', ')}
              {escalated_at === null && escalate_at !== null && status === 'pending' && (
                <span class="muted">
                  {' '}
                  at <At at={escalate_at} />
                </span>
              )}
            </dd>
          </>
        )}
        {terms.break_glass.length > 0 && (
          <>
            <dt>Break glass</dt>
            <dd>
              {terms.break_glass.map(({ group }) => markedLine(group)).join(', ')}
              <span class="muted"> alone, in an emergency; reviewed afterwards</span>
            </dd>
          </>
        )}
        {terms.deputies.length > 0 && (
          <>
            <dt>Deputies</dt>
            <dd>
              {terms.deputies.map(({ group }) => markedLine(group)).join(', ')}
              <span class="muted"> in the place of whoever names them</span>
            </dd>
          </>
        )}
        <dt>Rule</dt>
        <dd>{policy?.rule ? visibleLine(policy.rule) : <span class="muted">none matched; the default holds</span>}</dd>
        {shadow && (
          <>
            <dt>Rules on trial</dt>
            <dd>
              {onTrial[shadow.outcome]}
              {shadow.rule && `: ${visibleLine(shadow.rule)}`}
            </dd>
          </>
        )}
      </dl>
      {decisions.length > 0 && (
        <ul class="decisions">
          {decisions.map(({ verdict, by, at, note, on_behalf_of }) => (
            <li key={`${by} ${at}`}>
              <Status of={verdict} /> {by === null ? 'the rules' : markedLine(by)}
              {on_behalf_of && ` in the place of ${markedLine(on_behalf_of)}`}, <At at={at} />
              {note && (
                <blockquote>
                  <Visible text={note} />
                </blockquote>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
