import { useEffect } from 'preact/hooks';
import { Inbox } from './approvals/inbox.js';
import { route } from './navigation.js';
import { addressOf } from './routes.js';
import { DeadLetters } from './records/dead-letters.js';
import { Deliveries } from './records/deliveries.js';
import { Deputies } from './records/deputies.js';
import { EventLog } from './records/event-log.js';
import { Grants } from './records/grants.js';
import { Rules } from './records/rules.js';
import { Executions } from './executions/executions-page.js';
import { Overview } from './overview/overview-page.js';
import { RunPage } from './runs/run-page.js';
import { Runs } from './runs/runs-page.js';
import { connect, connection } from './server/connection.js';
import { me } from './server/client.js';
import { unreachable } from './server/session.js';
import { Shell } from './shell.js';
import { SignIn, Unreachable } from './sign-in.js';
import { Empty } from './ui/notes.js';
import { Page } from './ui/page.js';

/** The inbox, or what stands before it. */
export function App() {
  if (me.value === undefined) return unreachable.value === null ? null : <Unreachable />;
  return me.value === null ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  useEffect(connect, []);
  // Whoever listens first and reads then misses nothing.
  return <Shell>{connection.value !== 'connecting' && <Current />}</Shell>;
}

function Current() {
  const { page, id } = route.value;
  switch (page) {
    case 'inbox':
      return <Inbox id={id} />;
    case 'overview':
      return <Overview />;
    case 'runs':
      return id === null ? <Runs /> : <RunPage key={id} id={id} />;
    case 'executions':
      return <Executions id={id} />;
    case 'grants':
      return <Grants />;
    case 'deputies':
      return <Deputies />;
    case 'rules':
      return <Rules />;
    case 'events':
      return <EventLog />;
    case 'dead-letters':
      return <DeadLetters id={id} />;
    case 'deliveries':
      return <Deliveries />;
    case 'unknown':
      return (
        <Page title="There is no such page">
          <Empty title="Nothing is at this address.">
            <a href={addressOf('inbox')}>Go to the inbox</a>
          </Empty>
        </Page>
      );
    default:
      return page satisfies never;
  }
}
