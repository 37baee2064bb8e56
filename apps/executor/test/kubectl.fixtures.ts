import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../fixtures/kubectl.mjs', import.meta.url));

/** What goes wrong with a command of kubectl, the cluster, or the way between. */
export type ClusterFaults = {
  patch?: 'refused' | 'forbidden' | 'lost';
  rollout?: 'refused' | 'stuck' | 'slow';
  get?: 'refused';
};

interface State {
  deployments: Record<string, { image: string; replicas: number; annotations: Record<string, string> }>;
  faults: ClusterFaults;
  commands: string[];
  /** What was changed, in order: the judge of what was done how often. */
  rollouts: { name: string; image: string }[];
}

/** A cluster with one deployment, production/auth-service, and a `kubectl` that talks to it. */
export class Cluster {
  readonly #dir = mkdtempSync(join(tmpdir(), 'countersign-cluster-'));
  readonly #file = join(this.#dir, 'state.json');

  constructor() {
    const auth = { image: 'registry.example/auth-service:1.0.0', replicas: 3, annotations: {} };
    this.#write({ deployments: { 'production/auth-service': auth }, faults: {}, commands: [], rollouts: [] });
    const script = `#!/bin/sh\nexec '${process.execPath}' '${program}' '${this.#file}' "$@"\n`;
    writeFileSync(join(this.#dir, 'kubectl'), script, { mode: 0o755 });
  }

  /** Where `kubectl` is found. */
  get path(): string {
    return this.#dir;
  }

  get state(): State {
    return JSON.parse(readFileSync(this.#file, 'utf8')) as State;
  }

  fail(faults: ClusterFaults): void {
    this.#write({ ...this.state, faults });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true });
  }

  #write(state: State): void {
    writeFileSync(this.#file, JSON.stringify(state));
  }
}
