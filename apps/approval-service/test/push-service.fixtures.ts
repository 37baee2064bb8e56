import { makeCertificates } from '@countersign/infra';
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A browser that subscribes, and reads what it is sent as RFC 8291 says. */
export function browserAt(endpoint: string) {
  const curve = createECDH('prime256v1');
  curve.generateKeys();
  const auth = randomBytes(16);
  const point = curve.getPublicKey();
  return {
    subscription: { endpoint, keys: { p256dh: point.toString('base64url'), auth: auth.toString('base64url') } },
    read(body: Buffer): Record<string, string> {
      const [salt, length] = [body.subarray(0, 16), body[20]!];
      const sender = body.subarray(21, 21 + length);
      const record = body.subarray(21 + length);
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), point, sender]);
      const ikm = Buffer.from(hkdfSync('sha256', curve.computeSecret(sender), auth, info, 32));
      const derived = (label: string, bytes: number) =>
        Buffer.from(hkdfSync('sha256', ikm, salt, `Content-Encoding: ${label}\0`, bytes));
      const decipher = createDecipheriv('aes-128-gcm', derived('aes128gcm', 16), derived('nonce', 12));
      decipher.setAuthTag(record.subarray(-16));
      const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
      return JSON.parse(padded.subarray(0, padded.lastIndexOf(2)).toString()) as Record<string, string>;
    },
  };
}

export interface PushService {
  url: string;
  received: { path: string; headers: IncomingHttpHeaders; body: Buffer }[];
  answerWith(status: number): void;
  stop(): Promise<void>;
}

/** A push service on this machine, over TLS as all are. By default it answers 201. */
export async function startPushService(): Promise<PushService> {
  const trusted = getCACertificates();
  const { ca, server: certified } = await makeCertificates();
  setDefaultCACertificates([...trusted, ca]);
  const received: PushService['received'] = [];
  let status = 201;
  const server = createServer(certified, async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) });
    reply.writeHead(status).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    received,
    answerWith: (next) => void (status = next),
    async stop() {
      setDefaultCACertificates(trusted);
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
