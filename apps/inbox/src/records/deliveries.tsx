import { visibleLine } from '@countersign/contracts';
import { Ago } from '../clock.js';
import { addressOf } from '../routes.js';
import { Status } from '../ui/notes.js';
import { Paged } from '../ui/paged.js';
import { Page } from '../ui/page.js';

/** What `GET /deliveries` says of one notification, as far as it is shown. */
interface Delivery {
  id: string;
  channel: string;
  approval_id: string;
  kind: string;
  status: string;
  attempts: { at: number; detail: string | null }[];
  created_at: number;
}

/** What was told to whom, and whether it arrived. */
export const Deliveries = () => (
  <Page title="Notifications">
    <Paged<Delivery>
      path="/deliveries"
      every={5_000}
      empty={{ title: 'Nobody was notified yet', text: 'Channels in countersign.yaml say who is told of what.' }}
      head={['Channel', 'About', 'Status', 'Last attempt', 'When']}
      keyOf={({ id }) => id}
      row={({ channel, approval_id, kind, status, attempts, created_at }) => [
        channel,
        <a href={addressOf('inbox', approval_id)}>{kind}</a>,
        <Status of={status} />,
        visibleLine(attempts.at(-1)?.detail ?? '').slice(0, 200),
        <Ago at={created_at} />,
      ]}
    />
  </Page>
);
