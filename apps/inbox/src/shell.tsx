import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { unsettled, useCounts, waiting } from './counts.js';
import { Help, helpIsOpen } from './help.js';
import { useKeys } from './keyboard.js';
import { navigate, route } from './navigation.js';
import { addressOf, type Page } from './routes.js';
import { PushButton } from './push/push-button.js';
import { connection } from './server/connection.js';
import { useDeputyOf } from './server/deputy-of.js';
import { me, wordsOf } from './server/client.js';
import { may, signOut } from './server/session.js';
import { Brand } from './sign-in.js';
import { announce, Announcer } from './ui/page.js';

const sections: { page: Exclude<Page, 'unknown'>; name: string; needs: string }[] = [
  { page: 'inbox', name: 'Inbox', needs: 'approvals:read' },
  { page: 'runs', name: 'Runs', needs: 'runs:read' },
  { page: 'executions', name: 'Executions', needs: 'executions:read' },
  { page: 'grants', name: 'Grants', needs: 'events:read' },
  { page: 'deputies', name: 'Deputies', needs: 'approvals:write' },
  { page: 'rules', name: 'Rules', needs: 'config:write' },
  { page: 'overview', name: 'Overview', needs: 'approvals:read' },
  { page: 'events', name: 'Events', needs: 'events:read' },
  { page: 'dead-letters', name: 'Dead letters', needs: 'events:read' },
  { page: 'deliveries', name: 'Notifications', needs: 'approvals:delete' },
];

/** What is around every page: where one is, who one is, and whether the server is there. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [menuIsOpen, setMenu] = useState(false);
  const current = route.value.page;
  useEffect(() => setMenu(false), [route.value]);
  useCounts();
  useDeputyOf();
  useKeys({ '?': () => (helpIsOpen.value = true), 'g i': () => navigate(addressOf('inbox')) });

  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>
        Skip to the content
      </a>
      <header class="top">
        <Brand />
        <button
          type="button"
          class="menu-button"
          aria-expanded={menuIsOpen}
          aria-controls="menu"
          onClick={() => setMenu(!menuIsOpen)}
        >
          Menu
        </button>
        <nav id="menu" class={menuIsOpen ? 'is-open' : ''} aria-label="Sections">
          <ul>
            {sections
              .filter(({ needs }) => may(needs))
              .map(({ page, name }) => (
                <li key={page}>
                  <a href={addressOf(page)} aria-current={page === current ? 'page' : undefined}>
                    {name}
                    {page === 'inbox' && <Count of={waiting.value} what="waiting" />}
                    {page === 'executions' && <Count of={unsettled.value} what="need a person" />}
                  </a>
                </li>
              ))}
          </ul>
          <Account />
        </nav>
      </header>
      {connection.value === 'away' && (
        <div class="away" role="status">
          The server is out of reach. This page may be stale; it reconnects automatically.
        </div>
      )}
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Announcer />
      <Help />
    </>
  );
}

const Count = ({ of, what }: { of: number | undefined; what: string }) =>
  of ? (
    <span class="count">
      {of > 999 ? '999+' : of}
      <span class="only-spoken"> {what}</span>
    </span>
  ) : null;

function Account() {
  const { display_name, roles } = me.value!;
  const leave = () => void signOut().catch((error: unknown) => announce(wordsOf(error)));
  return (
    <div class="account">
      <span title={roles.join(', ')}>{display_name}</span>
      <PushButton />
      <button type="button" class="quiet" onClick={() => (helpIsOpen.value = true)} aria-label="Keyboard shortcuts">
        ?
      </button>
      <button type="button" class="quiet" onClick={leave}>
        Sign out
      </button>
    </div>
  );
}

function skipToContent(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
