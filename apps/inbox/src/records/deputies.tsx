import { isInForce, type Delegation } from '@countersign/contracts/delegations';
import { atMillis, toEpochMillis, toEpochSeconds } from '@countersign/contracts/time';
import { markedLine, visibleLine } from '@countersign/contracts/text';
import { useState } from 'preact/hooks';
import { At, Left, now } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { addressOf } from '../routes.js';
import { client, me, wordsOf } from '../server/client.js';
import { standsInFor } from '../server/stands-in-for.js';
import { may } from '../server/session.js';
import { Note, Status } from '../ui/notes.js';
import { Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';

/** Who decides in whose place, and a form for whoever is going to be away. */
export function Deputies() {
  const [problem, setProblem] = useState<string>();
  const [changes, setChanges] = useState(0);
  const changed = () => setChanges((before) => before + 1);
  const end = async (id: string) => {
    const problem = await client.delegations.revoke(id).then(() => undefined, wordsOf);
    setProblem(problem);
    changed();
  };
  const own = standsInFor();
  return (
    <Page title="Deputies">
      {problem && <Note tone="bad">{problem}</Note>}
      {own.length > 0 && (
        <Note tone="warn">
          You decide in the place of {[...new Set(own.map(({ delegator }) => markedLine(delegator)))].join(', ')}, where
          the rules let you.
        </Note>
      )}
      {may('approvals:write') && <Away named={changed} />}
      <Paged
        list={(limit, signal) => client.delegations.list({ limit }, signal)}
        filter={String(changes)}
        everyMs={5_000}
        empty={{
          title: 'You have named nobody',
          text: 'A deputy decides only what you may decide yourself, and only where the rules have deputies.',
        }}
        head={['Deputy', 'Of', 'For', 'Reason', 'Status', '']}
        keyOf={({ id }) => id}
        row={(each) => [
          <strong>{visibleLine(each.deputy)}</strong>,
          visibleLine(each.delegator),
          each.approval_id === null ? 'all approvals' : <a href={addressOf('inbox', each.approval_id)}>one approval</a>,
          each.reason === null ? '' : visibleLine(each.reason),
          <Holds delegation={each} />,
          may('approvals:write') && each.revoked_at === null && each.ends_at > now.value && (
            <button type="button" class="bad" onClick={() => void end(each.id)}>
              End<span class="only-spoken"> that {each.deputy} is deputy</span>
            </button>
          ),
        ]}
      />
    </Page>
  );
}

function Away({ named }: { named(): void }) {
  const [deputy, setDeputy] = useState('');
  const [until, setUntil] = useState('');
  const send = (reason: string) =>
    client.delegations.create({
      deputy,
      ends_at: toEpochSeconds(atMillis(new Date(until).getTime())),
      ...(reason !== '' && { reason }),
    });
  const done = () => {
    setDeputy('');
    named();
  };
  return (
    <section aria-labelledby="away" class="away-form">
      <h2 id="away">While you are away</h2>
      <p class="muted">
        A deputy decides what you may decide as {markedLine(me.value!.display_name)}, where the rules have deputies.
        Their decision counts as yours: once. They give no grants and break no glass.
      </p>
      <ActionForm
        send={send}
        field={{ label: 'Reason', required: false }}
        action="Name the deputy"
        tone="primary"
        done={done}
      >
        <label>
          Who decides in your place
          <input required value={deputy} autocomplete="off" onInput={(event) => setDeputy(event.currentTarget.value)} />
        </label>
        <label>
          Until
          <input
            required
            type="datetime-local"
            min={localTime(toEpochMillis(now.value))}
            value={until}
            onInput={(event) => setUntil(event.currentTarget.value)}
          />
        </label>
      </ActionForm>
    </section>
  );
}

/** As an input of that type writes it. */
function localTime(millis: number): string {
  const at = new Date(millis);
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

function Holds({ delegation }: { delegation: Delegation }) {
  const { revoked_at, revoked_by, begins_at, ends_at } = delegation;
  if (revoked_at !== null) return <span>ended by {visibleLine(revoked_by ?? 'unknown')}</span>;
  if (isInForce(delegation, now.value))
    return (
      <>
        <Status of="active" /> <Left until={ends_at} />
      </>
    );
  return begins_at > now.value ? (
    <span>
      begins <At at={begins_at} />
    </span>
  ) : (
    <span>over</span>
  );
}
