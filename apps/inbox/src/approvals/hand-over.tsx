import { isMember, type Approval } from '@countersign/contracts/approvals';
import { after } from '@countersign/contracts/time';
import { useState } from 'preact/hooks';
import { now } from '../clock.js';
import { ActionForm } from '../forms/action-form.js';
import { client, me } from '../server/client.js';
import { may } from '../server/session.js';

/** Where nothing says when it has to be decided. */
const aDay = 86_400;

/** Lets somebody else decide on this one in one's place, where the rules have deputies. */
export function HandOver({ approval, reload }: { approval: Approval; reload(): Promise<void> }) {
  const [deputy, setDeputy] = useState('');
  const { id, terms, expires_at, decisions } = approval;
  const { subject: by } = me.value!;
  const mayName = terms.approvers.some((each) => isMember(each, { by })) && !decisions.some((each) => each.by === by);
  if (!may('approvals:write') || terms.deputies.length === 0 || !mayName) return null;
  const others = [...new Set(terms.deputies.flatMap(({ members }) => members ?? []))].filter((each) => each !== by);
  const ends_at = expires_at ?? after(now.value, aDay);
  return (
    <details class="glass">
      <summary>Hand it over: let somebody decide in your place</summary>
      <ActionForm
        send={(reason) =>
          client.delegations.create({ deputy, approval_id: id, ends_at, ...(reason !== '' && { reason }) })
        }
        field={{ label: 'Reason', required: false }}
        action="Hand it over"
        tone="primary"
        done={reload}
      >
        <p>
          A member of {terms.deputies.map(({ group }) => group).join(' or ')} can decide on this call in your place. It
          counts as your decision; you can still reject what they approve, while it waits for others.
        </p>
        <label>
          Who decides
          <input
            required
            list="deputies"
            value={deputy}
            autocomplete="off"
            onInput={(event) => setDeputy(event.currentTarget.value)}
          />
        </label>
        <datalist id="deputies">
          {others.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      </ActionForm>
    </details>
  );
}
