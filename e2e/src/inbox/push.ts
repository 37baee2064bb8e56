/** What runs in a page or its service worker, in place of what a browser without a screen has not. */
interface Page {
  Notification: object;
  PushManager: { prototype: object };
  unsubscribed: boolean;
}

/** A browser whose user lets it notify, and which a push service has given this subscription. */
export function withPush(subscription: { endpoint: string; keys: object }): void {
  const page = globalThis as unknown as Page;
  let isSubscribed = false;
  const given = {
    options: { applicationServerKey: null },
    toJSON: () => subscription,
    unsubscribe: async () => (page.unsubscribed = true),
  };
  page.Notification = { permission: 'default', requestPermission: async () => 'granted' };
  Object.assign(page.PushManager.prototype, {
    getSubscription: async () => (isSubscribed ? given : null),
    subscribe: async () => ((isSubscribed = true), given),
  });
}

interface Worker {
  shown: object[];
  opened: string[];
  ServiceWorkerRegistration: { prototype: { showNotification(title: string, options: object): Promise<void> } };
  Clients: { prototype: { openWindow(url: string): Promise<null> } };
  dispatchEvent(event: Event): boolean;
}

export function keepingNotifications(): void {
  const worker = globalThis as unknown as Worker;
  [worker.shown, worker.opened] = [[], []];
  worker.ServiceWorkerRegistration.prototype.showNotification = async (title, options) =>
    void worker.shown.push({ title, ...options });
  worker.Clients.prototype.openWindow = async (url) => (worker.opened.push(url), null);
}

/** @returns the addresses that a click on such a notification opens */
export async function clicked(data: object): Promise<string[]> {
  const worker = globalThis as unknown as Worker;
  let work: Promise<unknown> | undefined;
  const event = Object.assign(new Event('notificationclick'), {
    notification: { close() {}, data },
    waitUntil: (opening: Promise<unknown>) => void (work = opening),
  });
  worker.dispatchEvent(event);
  await work;
  return worker.opened;
}
