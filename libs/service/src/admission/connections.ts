import { millisOf } from '@countersign/contracts/time';
import type { Server } from 'node:http';
import { descriptorLimit } from './descriptors.js';
import { OpenRequests } from './open-requests.js';
import type { AdmissionSettings } from './settings.js';

/** Of the file descriptors of this process, what clients may have: the rest is for log, store, models and programs. */
const share = 0.75;

/** How often connections are looked through for those whose time is over. */
const checkEveryMs = 1_000;

/** For the HTTP server: a client that sends its head or its body byte by byte is cut off. Milliseconds. */
export const timeouts = (settings: AdmissionSettings) => ({
  keepAliveTimeout: millisOf(settings.HTTP_KEEP_ALIVE_SECONDS),
  requestTimeout: millisOf(Math.max(settings.HTTP_BODY_SECONDS, settings.HTTP_HEADERS_SECONDS)),
  http: { headersTimeout: millisOf(settings.HTTP_HEADERS_SECONDS), connectionsCheckingInterval: checkEveryMs },
});

/** Closes connections beyond what there may be of all and of one address. */
export function limitConnections(server: Server, settings: AdmissionSettings): void {
  const descriptors = descriptorLimit() ?? Infinity;
  server.maxConnections = Math.min(settings.HTTP_CONNECTIONS, Math.max(1, Math.floor(descriptors * share)));
  const byAddress = new OpenRequests(settings.HTTP_CONNECTIONS_PER_ADDRESS);
  server.on('connection', (socket) => {
    const leave = byAddress.enter(socket.remoteAddress ?? '');
    if (leave) socket.once('close', leave);
    else socket.destroy();
  });
}
