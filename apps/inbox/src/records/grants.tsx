import type { Grant } from '@countersign/contracts/approvals';
import { visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { Ago, Left, now } from '../clock.js';
import { addressOf } from '../routes.js';
import { client, wordsOf } from '../server/client.js';
import { may } from '../server/session.js';
import { Summary } from '../approvals/summary.js';
import { Note, Status } from '../ui/notes.js';
import { Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';

/** Calls that need not ask until a deadline, and a way to take that back. */
export function Grants() {
  const [problem, setProblem] = useState<string>();
  const revoke = (id: string) =>
    client.grants.revoke(id).then(
      () => setProblem(undefined),
      (error: unknown) => setProblem(wordsOf(error)),
    );
  return (
    <Page title="Grants">
      {problem && <Note tone="bad">{problem}</Note>}
      <Paged
        list={(limit, signal) => client.grants.list({ limit }, signal)}
        everyMs={2_000}
        empty={{
          title: 'Nothing is allowed without asking',
          text: 'Where the rules let it, an approval can also allow the same call for a while.',
        }}
        head={['Call', 'Agent', 'Given by', 'Used', 'Status', '']}
        keyOf={({ id }) => id}
        row={(grant) => [
          <>
            <a class="strong" href={addressOf('inbox', grant.approval_id)}>
              {visibleLine(grant.tool_name)}
            </a>{' '}
            <Summary args={grant.arguments} />
          </>,
          grant.agent_id,
          <>
            {grant.created_by === null ? '' : visibleLine(grant.created_by)} <Ago at={grant.created_at} />
          </>,
          <>
            {grant.uses.length} of {grant.max_uses}
            {grant.uses.length > 0 && (
              <>
                , <Ago at={grant.uses.at(-1)!.at} />
              </>
            )}
          </>,
          <Holds grant={grant} />,
          may('approvals:write') && isActive(grant) && (
            <button type="button" class="bad" onClick={() => void revoke(grant.id)}>
              Revoke<span class="only-spoken"> {grant.tool_name}</span>
            </button>
          ),
        ]}
      />
    </Page>
  );
}

const isActive = ({ revoked_at, expires_at, uses, max_uses }: Grant): boolean =>
  revoked_at === null && expires_at > now.value && uses.length < max_uses;

function Holds({ grant }: { grant: Grant }) {
  if (isActive(grant))
    return (
      <>
        <Status of="active" /> <Left until={grant.expires_at} />
      </>
    );
  return grant.revoked_at === null ? (
    grant.expires_at > now.value ? (
      <span>used up</span>
    ) : (
      <Status of="expired" />
    )
  ) : (
    <span>revoked by {visibleLine(grant.revoked_by ?? 'unknown')}</span>
  );
}
