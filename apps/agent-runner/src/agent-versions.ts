import type { Event, stored } from '@countersign/contracts';
import { agentOf, type Agent, type AgentDefinition } from '@countersign/definitions';
import { VersionConflict, type Collection, type Store } from '@countersign/persistence';
import type { z } from 'zod';

/** A definition that some run started with. Its key is its digest, so it never changes. */
export type AgentVersion = { id: string; definition: AgentDefinition } & {
  [K in keyof typeof stored]: z.infer<(typeof stored)[K]>;
};

export const agentVersionCollection: Collection<AgentVersion> = { name: 'agent_versions', key: 'id', indexes: [] };

/** Keeps the definitions that runs started with, for as long as there are runs. */
export class AgentVersions {
  readonly #known = new Map<string, Agent>();

  constructor(
    private readonly store: Store<AgentVersion>,
    private readonly now: () => number,
  ) {}

  /** Stores a definition before the first run depends on it. */
  async keep(agent: Agent): Promise<void> {
    if (this.#known.has(agent.version)) return;
    const at = Math.floor(this.now() / 1000);
    const { version: id, ...definition } = agent;
    const state = { id, definition, version: 1, due_at: null, traceparent: null, created_at: at, updated_at: at };
    const events: readonly Event[] = [];
    await this.store.commit({ expected: 0, state, events }).catch((error: unknown) => {
      if (!(error instanceof VersionConflict)) throw error;
    });
    this.#known.set(agent.version, agent);
  }

  async get(version: string): Promise<Agent | undefined> {
    const known = this.#known.get(version);
    if (known) return known;
    const stored = await this.store.get(version);
    if (!stored) return undefined;
    const agent = agentOf(stored.definition);
    this.#known.set(version, agent);
    return agent;
  }
}
