import type { PushMessage } from './message.js';

/** What a service worker has that a page has not, of which TypeScript knows only one at a time. */
interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Pushed extends Waiting {
  data: { json(): unknown } | null;
}
interface Clicked extends Waiting {
  notification: Notification;
}
interface Windows {
  claim(): Promise<void>;
  matchAll(options: object): Promise<readonly { url: string; focus(): Promise<unknown> }[]>;
  openWindow(url: string): Promise<unknown>;
}
interface ServiceWorkerScope {
  registration: ServiceWorkerRegistration;
  clients: Windows;
  skipWaiting(): Promise<void>;
  addEventListener<E extends Event>(name: string, handle: (event: E) => void): void;
}
const worker = globalThis as unknown as ServiceWorkerScope;

worker.addEventListener<Waiting>('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener<Waiting>('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener<Pushed>('push', (event) => event.waitUntil(show(event)));
worker.addEventListener<Clicked>('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as { approval_id: string | null }).approval_id));
});

/** It has no buttons: whoever decides looks at the page that shows the call whole. */
function show(event: Pushed): Promise<void> {
  const { title, body, tag, approval_id } = messageIn(event);
  return worker.registration.showNotification(title, { body, tag, data: { approval_id } });
}

/** A browser shows something of each message, or takes the right away. */
function messageIn({ data }: Pushed): PushMessage {
  try {
    return data!.json() as PushMessage;
  } catch {
    return { title: 'Countersign', body: 'Something may wait for you.', tag: 'unknown', approval_id: null };
  }
}

/** Only ever to a page of the inbox that the worker is from. */
async function open(approvalId: string | null): Promise<void> {
  const { scope } = worker.registration;
  const url = approvalId === null ? scope : new URL(`approvals/${encodeURIComponent(approvalId)}`, scope).href;
  const pages = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = pages.find((page) => page.url === url);
  await (there ? there.focus() : worker.clients.openWindow(url));
}
