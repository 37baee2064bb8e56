import type { ConversationItem } from '@countersign/contracts/runs';
import type { Agent } from '@countersign/definitions';

/** Sealed texts that are remembered as refused. */
const mostRefused = 10_000;

interface Answered {
  output: readonly unknown[];
  usage?: { output_tokens_details?: { reasoning_tokens?: number } | null } | null | undefined;
}

/** Which models reason before they answer, and what of that cannot be handed back to them. */
export class Reasoning {
  readonly #reasons = new Map<string, boolean>();
  readonly #refused = new Set<string>();

  /** As the agent says; else as it was seen, else by the names that reasoning models have. */
  isUsedBy({ model, reasoning }: Pick<Agent, 'model' | 'reasoning'>): boolean {
    return reasoning ?? this.#reasons.get(model) ?? isName(model);
  }

  /** A model whose name says nothing may be seen to reason. */
  learn(model: string, { output, usage }: Answered): void {
    const tokens = usage?.output_tokens_details?.reasoning_tokens ?? 0;
    const items = output.some((item) => (item as { type?: unknown } | null)?.type === 'reasoning');
    if (tokens > 0 || items) this.#reasons.set(model, true);
  }

  /** The server took the conversation only without its reasoning, such as that of another organisation. */
  refused(conversation: readonly ConversationItem[]): void {
    for (const { type, encrypted_content } of conversation)
      if (type === 'reasoning' && typeof encrypted_content === 'string') this.#refused.add(encrypted_content);
    for (const oldest of this.#refused) {
      if (this.#refused.size <= mostRefused) return;
      this.#refused.delete(oldest);
    }
  }

  isRefused(sealed: string): boolean {
    return this.#refused.has(sealed);
  }
}

/** Also behind the prefix of a gateway; the chat variants do not reason. */
const isName = (model: string): boolean => /(?:^|[/:.])(?:o\d|gpt-(?:[5-9]|oss))(?!.*chat)/.test(model);
