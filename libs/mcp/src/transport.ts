import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { DEFAULT_INHERITED_ENV_VARS, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Where a server is: a program to start, or an address. */
export type McpTarget =
  | { command: string; args: string[]; env: Record<string, string>; cwd?: string }
  | { url: string; headers: Record<string, string> };

/**
 * @param shown the headers of each request as they are by then, or the environment of a program
 * @param onLine receives the standard error of a program
 */
export function transportTo(
  target: McpTarget,
  shown: () => Record<string, string>,
  onLine: (line: string) => void,
): Transport {
  if ('url' in target) {
    const withShown = (url: string | URL, init?: RequestInit) => {
      const headers = new Headers(shown());
      for (const [name, value] of new Headers(init?.headers)) headers.set(name, value);
      return fetch(url, { ...init, headers });
    };
    return new HttpTransport(new URL(target.url), { fetch: withShown }) as Transport;
  }
  const { command, args, cwd } = target;
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ...withheld, ...shown() } as Record<string, string>,
    stderr: 'pipe',
    ...(cwd !== undefined && { cwd }),
  });
  createInterface({ input: transport.stderr as Readable }).on('line', onLine);
  return transport;
}

/** The library adds these to what is declared; a program gets nothing of this process's but where programs are. */
const withheld = Object.fromEntries(
  DEFAULT_INHERITED_ENV_VARS.filter((name) => name !== 'PATH').map((name) => [name, undefined]),
);

/** The error code that stands for an answer that never came; none that the protocol gives a meaning. */
export const streamEnded = 1;

type Send = StreamableHTTPClientTransport['send'];

/** Answers a request itself when the stream that should have brought the answer is over, which is not reported otherwise. */
class HttpTransport extends StreamableHTTPClientTransport {
  override send(message: Parameters<Send>[0], options?: Parameters<Send>[1]): Promise<void> {
    return super.send(message, { ...options, onRequestStreamEnd: () => this.#answer(message) });
  }

  /** To a request that has its answer, this is one too many, and is ignored. */
  #answer(message: Parameters<Send>[0]): void {
    if (Array.isArray(message) || !('id' in message) || !('method' in message)) return;
    const error = { code: streamEnded, message: 'the answer broke off' };
    this.onmessage?.({ jsonrpc: '2.0', id: message.id, error });
  }
}
