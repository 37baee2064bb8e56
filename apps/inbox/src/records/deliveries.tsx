import type { NoticeDelivery } from '@countersign/contracts/deliveries';
import { visibleLine } from '@countersign/contracts/text';
import { Ago } from '../clock.js';
import { addressOf } from '../routes.js';
import { client } from '../server/client.js';
import { Status } from '../ui/notes.js';
import { Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';

const about: Record<NoticeDelivery['kind'], string> = {
  pending: 'approval needed',
  reminder: 'reminder',
  escalation: 'escalation',
  question: 'question',
  answer: 'answer',
  break_glass: 'broken glass',
  resolved: 'decision',
  ended: 'end of the run',
};

/** Notifications and their delivery. */
export const Deliveries = () => (
  <Page title="Notifications">
    <Paged
      list={(limit, signal) => client.deliveries.list({ limit }, signal)}
      everyMs={5_000}
      empty={{ title: 'No notifications yet', text: 'Channels in countersign.yaml define who is notified of what.' }}
      head={['Channel', 'About', 'Status', 'Last attempt', 'When']}
      keyOf={({ id }) => id}
      row={({ channel, approval_id, kind, status, attempts, created_at }) => [
        channel,
        <a href={addressOf('inbox', approval_id)}>{about[kind]}</a>,
        <Status of={attempts.at(-1)?.outcome === 'not_needed' ? 'not needed' : status} />,
        visibleLine(attempts.at(-1)?.detail ?? '').slice(0, 200),
        <Ago at={created_at} />,
      ]}
    />
  </Page>
);
