import type { Approval } from '@countersign/contracts/approvals';
import { riskOf, type Risk } from '@countersign/contracts/presentation';
import { toEpochMillis } from '@countersign/contracts/time';
import type { PagerDutyChannel } from '@countersign/definitions';
import { clipped } from '../clipped.js';
import { postJson, type PostOptions } from '../post-json.js';
import { failedForNow, type Notice, type Sender, type SendOutcome } from '../sender.js';
import { wordingOf } from '../wording.js';

export interface PagerDutySenderOptions extends PostOptions {
  pagerduty: PagerDutyChannel['pagerduty'];
}

const lookAgainMs = 5_000;
const maxSummary = 1_000;
const maxArgs = 10_000;

const severities: Record<Risk, string> = { low: 'warning', high: 'error', critical: 'critical' };

/** Opens an incident of PagerDuty for an approval, and resolves it with the approval; an alarm stays until people resolve it. */
export class PagerDutySender implements Sender {
  constructor(private readonly options: PagerDutySenderOptions) {}

  async send(notice: Notice, signal: AbortSignal): Promise<SendOutcome> {
    const { pagerduty, ...options } = this.options;
    const send = (event: object) =>
      postJson(pagerduty.api_url, { routing_key: pagerduty.routing_key, ...event }, signal, options);
    const { approval, delivery } = notice;
    if (delivery.kind !== 'resolved') return send(triggered(notice, pagerduty.base_url));
    const earlier = (await notice.deliveries()).filter(({ kind }) => kind !== 'resolved' && kind !== 'break_glass');
    if (earlier.some(({ status }) => status === 'sending'))
      return failedForNow('an incident is being opened, which has to be resolved too', lookAgainMs);
    if (!earlier.some(({ attempts }) => attempts.some(({ outcome }) => outcome === 'sent')))
      return { type: 'not_needed', detail: 'there is no incident to resolve' };
    return send({ event_action: 'resolve', dedup_key: keyOf(approval) });
  }
}

/** All notifications of one approval are one incident. */
const keyOf = ({ id }: Approval): string => `countersign/${id}`;

function triggered({ approval, delivery }: Notice, base_url: string | undefined): object {
  const { kind } = delivery;
  const { headline, request, args, deadline, outcome, reason, link } = wordingOf(approval, kind, base_url);
  const { tool_name, user_id } = approval;
  const call = { ...approval, tool_args: approval.approved_args ?? approval.tool_args };
  const isAlarm = kind === 'break_glass';
  return {
    event_action: 'trigger',
    dedup_key: isAlarm ? `${keyOf(approval)}/break-glass` : keyOf(approval),
    client: 'Countersign',
    ...(link !== null && { client_url: link, links: [{ href: link, text: 'Open in the inbox' }] }),
    payload: {
      summary: clipped(`${headline}: ${outcome ?? request}`, maxSummary),
      source: 'countersign',
      component: tool_name,
      severity: isAlarm ? 'critical' : severities[riskOf(call)],
      timestamp: new Date(toEpochMillis(delivery.created_at)).toISOString(),
      custom_details: { request, arguments: clipped(args, maxArgs), reason, deadline, requested_for: user_id },
    },
  };
}
