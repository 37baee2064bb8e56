import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

/** What the numbers were measured on. */
export function machine() {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model,
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    system: `${platform()} ${release()}`,
    load: loadavg(),
    node: process.version,
    packages: Object.fromEntries(
      ['openai', 'kafkajs', 'mongodb', '@nestjs/core'].map((name) => [name, versionOf(name)]),
    ),
  };
}

function versionOf(name: string): string {
  const folder = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const each of folder) {
    try {
      return (JSON.parse(readFileSync(`${each}/${name}/package.json`, 'utf8')) as { version: string }).version;
    } catch {
      // Not in this one.
    }
  }
  return 'unknown';
}
