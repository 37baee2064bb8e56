import { useProxiesOf } from '@countersign/outbound/proxy';
import type { Environment } from './hand-over.js';

const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/**
 * Lets what goes out by `fetch` and by Node's global agents (the model, MCP servers, Slack, tokens), and guarded requests
 * (targets, webhooks), go through the proxy
 * that the environment names, by the convention of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Node reads these only
 * when it starts, before a process has what was handed over. `NODE_USE_ENV_PROXY=0` leaves them unread.
 */
export function useProxies(environment: Environment): void {
  const proxies = Object.fromEntries(
    names.flatMap((name) => (environment[name] ? [[name, environment[name]] as const] : [])),
  );
  const isNamed = Object.keys(proxies).some((name) => !/^no_proxy$/i.test(name));
  if (!isNamed || environment['NODE_USE_ENV_PROXY'] === '0') return;
  process.getBuiltinModule('node:http').setGlobalProxyFromEnv(proxies);
  useProxiesOf(proxies);
}
