import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReverseProxy {
  /** Where the server is for whoever comes through here. */
  url: string;
  close(): void;
}

/** Has a server under a path, as ingresses and nginx do: it is asked without the path, under the name that was asked for. */
export async function proxyTo(origin: string, path: string): Promise<ReverseProxy> {
  const proxy = createServer((asked, reply) => {
    if (!asked.url!.startsWith(`${path}/`)) return void reply.writeHead(404).end();
    const { method, headers } = asked;
    const onward = request(origin + asked.url!.slice(path.length), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    onward.on('error', () => reply.destroy());
    reply.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`,
    close() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
