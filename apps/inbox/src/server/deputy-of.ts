import { useEffect } from 'preact/hooks';
import { client, me } from './client.js';
import { revision } from './connection.js';
import { delegations } from './stands-in-for.js';

const nowAndThen = 30_000;

/** Keeps up to date who has named whoever is signed in as a deputy. */
export function useDeputyOf(): void {
  const seen = revision.value;
  useEffect(() => {
    if (!me.value?.scopes.includes('approvals:write')) return undefined;
    const look = async () => {
      const deputy = me.value?.subject;
      const page = await client.delegations.list({ deputy, limit: 100 }).catch(() => undefined);
      if (page) delegations.value = page.data;
    };
    void look();
    const timer = setInterval(() => !document.hidden && void look(), nowAndThen);
    return () => clearInterval(timer);
  }, [seen]);
}
