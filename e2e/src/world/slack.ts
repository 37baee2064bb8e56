import { systemClock, toEpochSeconds } from '@countersign/contracts/time';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Button {
  action_id: string;
  value: string;
}

/** A message in a channel, as it is now. */
export interface SlackMessage {
  ts: string;
  text: string;
  /** All that it shows, as JSON. */
  all: string;
  buttons: Button[];
}

/** A stand-in for Slack: it keeps the messages of a channel, and presses their buttons as a user does. */
export interface Slack {
  url: string;
  messages(): SlackMessage[];
  /** What users were told that nobody else sees. */
  readonly told: string[];
  /** Presses a button. @returns the status that the receiver answers with */
  press(receiver: string, button: Button, user: string, secret?: string): Promise<number>;
  stop(): Promise<void>;
}

interface Sent {
  ts?: string;
  text: string;
  blocks: { type: string; elements?: Button[] }[];
}

export async function startSlack(signing_secret: string): Promise<Slack> {
  const messages = new Map<string, SlackMessage>();
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    const sent = JSON.parse(await text(request)) as Sent;
    const answer = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url === '/told') {
      told.push(sent.text);
      return answer({});
    }
    const ts = sent.ts ?? `${messages.size}.${randomUUID()}`;
    const buttons = sent.blocks.flatMap(({ type, elements = [] }) => (type === 'actions' ? elements : []));
    messages.set(ts, { ts, text: sent.text, all: JSON.stringify(sent.blocks), buttons });
    return answer({ ok: true, channel: 'C0123', ts });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    messages: () => [...messages.values()],
    told,
    async press(receiver, { action_id, value }, user, secret = signing_secret) {
      const payload = {
        type: 'block_actions',
        user: { id: user },
        response_url: `${url}/told`,
        actions: [{ action_id, value }],
      };
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const at = String(toEpochSeconds(systemClock()));
      const signature = `v0=${createHmac('sha256', secret).update(`v0:${at}:${body}`).digest('hex')}`;
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': at,
        'x-slack-signature': signature,
      };
      return (await fetch(receiver, { method: 'POST', headers, body })).status;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
