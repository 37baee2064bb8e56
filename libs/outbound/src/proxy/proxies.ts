/** The proxy that a URL is reached through; undefined: none. */
export type ProxyOf = (url: URL) => URL | undefined;

type Environment = Record<string, string | undefined>;

/**
 * By the convention of `HTTPS_PROXY` and `NO_PROXY`, as Node has it: an exception is a host, a host and port, `.example.com`
 * or `*.example.com` for what is below, or `*`. `NODE_USE_ENV_PROXY=0` turns it off.
 */
export function proxiesOf(environment: Environment): ProxyOf {
  const of = (name: string) => environment[name.toLowerCase()] || environment[name];
  const address = of('HTTPS_PROXY');
  if (!address || environment['NODE_USE_ENV_PROXY'] === '0') return () => undefined;
  const proxy = new URL(address);
  const exceptions = (of('NO_PROXY') ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return (url) => (url.protocol === 'https:' && !exceptions.some((each) => isExcepted(url, each)) ? proxy : undefined);
}

function isExcepted({ hostname, port }: URL, exception: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (exception === '*' || exception === host || exception === `${host}:${port || 443}`) return true;
  const below = exception.replace(/^\*/, '');
  return below.startsWith('.') && host.endsWith(below);
}

let inUse: ProxyOf = () => undefined;

/** What guarded requests go through in this process, as the global agents of Node do. */
export const useProxiesOf = (environment: Environment): void => void (inUse = proxiesOf(environment));

export const proxyInUse: ProxyOf = (url) => inUse(url);
