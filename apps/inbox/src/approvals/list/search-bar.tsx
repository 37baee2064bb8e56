import type { Approval } from '@countersign/contracts/approvals';
import { environmentOf, risks } from '@countersign/contracts/presentation';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { callOf } from '../../calls/call-of.js';
import { navigate } from '../../navigation.js';
import { may } from '../../server/session.js';
import { EnteredInput } from '../../ui/entered-input.js';
import { queryOf, type Filters } from './filters.js';
import { viewNames, views } from './views.js';

const statuses = ['pending', 'approved', 'rejected', 'expired', 'cancelled', 'all'];
const whileTypingMs = 250;

/** Says which approvals are listed. What it says is in the address, so that it can be kept and passed on. */
export function SearchBar({ filters, known }: { filters: Filters; known: Iterable<Approval> }) {
  const [text, setText] = useState(filters.text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const apply = (change: Partial<Filters>) => {
    clearTimeout(timer.current);
    navigate(location.origin + location.pathname + queryOf({ ...filters, ...change }), { replace: true });
  };
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => apply({ text: value.trim() }), whileTypingMs);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => setText(filters.text), [filters.text]);
  const { view, status, tool_name, agent_id, user_id, risk, environment } = filters;
  const others = [view === 'all' && status !== 'pending', tool_name, agent_id, user_id, risk, environment].filter(
    Boolean,
  );

  return (
    <search class="search-bar">
      <div class="views" role="group" aria-label="Whose turn">
        {views
          .filter((each) => may('approvals:write') || each === 'mine' || each === 'all')
          .map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === view}
              onClick={() => apply({ view: each, status: 'pending' })}
            >
              {each === 'mine' && !may('approvals:write') ? 'Waiting' : viewNames[each]}
            </button>
          ))}
      </div>
      <input
        id="search"
        type="search"
        value={text}
        placeholder="Search"
        aria-label="Search approvals"
        aria-keyshortcuts="/"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          apply({ text: text.trim() });
          // So that the keys of the list work from here on.
          event.currentTarget.blur();
        }}
      />
      <details open={others.length > 0}>
        <summary>Filters{others.length > 0 && ` (${others.length})`}</summary>
        <div class="filters">
          <label>
            Status
            <select
              value={filters.status}
              onChange={(event) => apply({ view: 'all', status: event.currentTarget.value })}
            >
              {statuses.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            Risk
            <select value={risk} onChange={(event) => apply({ risk: event.currentTarget.value })}>
              <option value="">any</option>
              {risks.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <Suggested name="Environment" filter="environment" {...{ filters, known, apply }} />
          <Suggested name="Tool" filter="tool_name" {...{ filters, known, apply }} />
          <Suggested name="Agent" filter="agent_id" {...{ filters, known, apply }} />
          <Suggested name="Requester" filter="user_id" {...{ filters, known, apply }} />
        </div>
      </details>
    </search>
  );
}

const namesOf = {
  tool_name: ({ tool_name }: Approval) => tool_name,
  agent_id: ({ agent_id }: Approval) => agent_id,
  user_id: ({ user_id }: Approval) => user_id,
  environment: (approval: Approval) => environmentOf(callOf(approval))?.name,
};

interface SuggestedProps {
  name: string;
  filter: keyof typeof namesOf;
  filters: Filters;
  known: Iterable<Approval>;
  apply(change: Partial<Filters>): void;
}

/** A filter by an exact name, with those of what is listed to choose from. */
function Suggested({ name, filter, filters, known, apply }: SuggestedProps) {
  const list = useId();
  const names = new Set([...known].flatMap((approval) => namesOf[filter](approval) ?? []));
  return (
    <label>
      {name}
      <EnteredInput list={list} value={filters[filter]} placeholder="any" enter={(text) => apply({ [filter]: text })} />
      <datalist id={list}>
        {[...names].toSorted().map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </label>
  );
}
