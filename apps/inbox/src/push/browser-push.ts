import { signal } from '@preact/signals';
import { client } from '../server/client.js';
import { server } from '../server/server.js';

/** Whether this browser tells of approvals. `unavailable`: it cannot, or there is no channel for it. */
export const pushing = signal<'unavailable' | 'off' | 'on' | 'blocked'>('unavailable');

/** Of the subscription, on the server. */
let subscribed: string | null = null;
let publicKey: string | null = null;

const scope = `${server}/inbox/`;

/** Finds out, and has what is subscribed here belong to whoever is signed in now. */
export async function recognisePush(): Promise<void> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis)) return;
  publicKey = (await client.pushSubscriptions.list()).public_key;
  if (publicKey === null) return void (pushing.value = 'unavailable');
  if (Notification.permission === 'denied') return void (pushing.value = 'blocked');
  const registration = await navigator.serviceWorker.getRegistration(scope);
  const former = await registration?.pushManager.getSubscription();
  pushing.value = 'off';
  if (registration && former) await subscribe(registration, publicKey);
}

/** Only in answer to a press of a button: browsers ask whoever uses them. */
export async function begin(): Promise<void> {
  if (publicKey === null) return;
  if ((await Notification.requestPermission()) !== 'granted') return void (pushing.value = 'blocked');
  const registration = await navigator.serviceWorker.register(workerUrl(), { scope });
  await activation(registration);
  await subscribe(registration, publicKey);
}

/** Not `ready`, which waits for a worker of this page: `/inbox` itself is above what the worker may have. */
function activation({ active, installing, waiting }: ServiceWorkerRegistration): Promise<void> {
  const coming = installing ?? waiting;
  if (active || !coming) return Promise.resolve();
  return new Promise((resolve) =>
    coming.addEventListener('statechange', () => coming.state === 'activated' && resolve()),
  );
}

/** Whoever signs out is told of nothing more, here. */
export async function leave(): Promise<void> {
  if (subscribed === null) return;
  const registration = await navigator.serviceWorker.getRegistration(scope);
  const subscription = await registration?.pushManager.getSubscription();
  await Promise.allSettled([client.pushSubscriptions.remove(subscribed), subscription?.unsubscribe()]);
  subscribed = null;
  pushing.value = 'off';
}

async function subscribe({ pushManager }: ServiceWorkerRegistration, key: string): Promise<void> {
  const former = await pushManager.getSubscription();
  // One that was begun with another key of the server cannot be used any more.
  if (former && base64url(former.options.applicationServerKey) !== key) await former.unsubscribe();
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint = '', keys = {} } = subscription.toJSON();
  const { p256dh = '', auth = '' } = keys;
  subscribed = (await client.pushSubscriptions.create({ endpoint, keys: { p256dh, auth } })).id;
  pushing.value = 'on';
}

const base64url = (key: ArrayBuffer | null): string | null =>
  key &&
  btoa(String.fromCharCode(...new Uint8Array(key)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

type ScriptUrls = { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } };

/** The policy of the server lets no text be a script's address, but for this one. */
function workerUrl(): string {
  const url = `${scope}service-worker.js`;
  const { trustedTypes } = globalThis as { trustedTypes?: ScriptUrls };
  return trustedTypes?.createPolicy('service-worker', { createScriptURL: () => url }).createScriptURL(url) ?? url;
}
