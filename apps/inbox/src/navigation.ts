import { computed, signal } from '@preact/signals';
import { addressOf, routeOf } from './routes.js';

const address = signal(new URL(location.href));

export const route = computed(() => routeOf(address.value.origin + address.value.pathname));
export const query = computed(() => address.value.searchParams);

/** Goes to an address of the inbox. */
export function navigate(to: string, { replace = false } = {}): void {
  const next = new URL(to, location.href);
  if (next.href === location.href) return;
  if (replace) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  address.value = next;
}

/** Lets links within the inbox, and the browser's buttons, change the page without loading it. */
export function followLinks(): void {
  addEventListener('popstate', () => (address.value = new URL(location.href)));
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download')) return;
    if (!link.href.startsWith(addressOf('inbox')) || link.hash) return;
    event.preventDefault();
    navigate(link.href);
  });
}
