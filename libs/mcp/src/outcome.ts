import { secondsOf, type Millis } from '@countersign/contracts/time';
import type { Mask } from '@countersign/definitions/masking';
import type { CallProgress } from '@countersign/tool';
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, type CallToolResult } from '@modelcontextprotocol/client';
import type { OnProgress } from './connection.js';
import { neverArrived, reasonOf, textOf } from './result.js';

/** What came of a call. */
export type McpOutcome =
  /** `isError`: the server says that it failed. */
  | { type: 'answered'; text: string; isError: boolean }
  /** It certainly did not arrive: nothing was done. */
  | { type: 'not_sent'; reason: string }
  /** The server would not have it. */
  | { type: 'refused'; reason: string }
  /** It was sent, and its outcome is unknown. */
  | { type: 'unknown'; reason: string };

/** What a server's answers and failures mean for a call, in words that may be shown. */
export class McpOutcomes {
  constructor(
    private readonly server: string,
    private readonly mask: Mask,
  ) {}

  answered(result: CallToolResult): McpOutcome {
    const isError = result.isError === true;
    const text = this.mask(textOf(result)) || (isError ? 'The call failed; the server does not say why.' : 'done');
    return { type: 'answered', text, isError };
  }

  notSent(what: string): McpOutcome {
    return { type: 'not_sent', reason: this.#says(what) };
  }

  /** Claims that nothing was done only where that is certain. */
  of(error: unknown, { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: Millis }): McpOutcome {
    const why = reasonOf(error, this.mask);
    const unknown = (what: string): McpOutcome => ({
      type: 'unknown',
      reason: this.#says(`${what}; whether the call was made is not known`),
    });
    const refused = (what: string): McpOutcome => ({ type: 'refused', reason: this.#says(`${what}: ${why}`) });
    if (signal.aborted) return unknown('received a cancellation');
    if (neverArrived(error)) return this.notSent(`cannot be reached: ${why}; nothing was done`);
    if (error instanceof ProtocolError) return refused('answered with an error');
    if (error instanceof SdkHttpError && error.status < 500)
      return refused(`refused the call with HTTP ${error.status}`);
    if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout)
      return unknown(`did not answer within ${secondsOf(timeoutMs)} s`);
    return unknown(`broke off: ${why}`);
  }

  progress({ progress, total, message }: Parameters<OnProgress>[0]): CallProgress {
    const percent = total !== undefined && total > 0 ? (100 * progress) / total : undefined;
    return { ...(percent !== undefined && { percent }), ...(message !== undefined && { message: this.mask(message) }) };
  }

  #says(what: string): string {
    return `MCP server ${this.server} ${what}`;
  }
}
