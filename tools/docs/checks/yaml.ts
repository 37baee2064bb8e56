import { readDefinitions } from '@countersign/definitions';
import { runPolicyTests } from '@countersign/definitions/policy';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { problemsWith, type Values } from '../../chart-values.js';
import { root, type Block } from '../blocks.js';

/** A block says in its first line which file it shows, and has to be one as it is printed. */
export function checkYaml({ text }: Block): void {
  const [, file] = /^# (\S+)\n/.exec(text) ?? [];
  expect(file, 'the first line must be a comment that names the file, such as "# countersign.yaml"').toBeDefined();
  const check = files[file!];
  expect(check, `no test knows the file ${file}`).toBeDefined();
  check!(text);
}

const files: Record<string, (text: string) => void> = {
  'countersign.yaml': checkDefinitions,
  'prometheus.yml': checkPrometheus,
  'values.yaml': (text) => expect(problemsWith(parse(text) as Values)).toBeNull(),
};

/** As a service loads it. Its policy tests have to pass. */
function checkDefinitions(text: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-docs-'));
  try {
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, text);
    const definitions = readDefinitions(file);
    expect(runPolicyTests(definitions).failed).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
  const { tool_modules = [] } = parse(text) as { tool_modules?: string[] };
  for (const module of tool_modules) expect(existsSync(join(root, module)), `${module} does not exist`).toBe(true);
}

function checkPrometheus(text: string): void {
  const { scrape_configs, rule_files } = parse(text) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
    rule_files: string[];
  };
  const targets = scrape_configs.flatMap((scrape) => scrape.static_configs.flatMap((group) => group.targets));
  expect(targets).toEqual(['agent-runner:4001', 'approval-service:4002', 'executor:4003', 'audit:4004']);
  for (const file of rule_files) expect(existsSync(join(root, 'infra/prometheus', basename(file)))).toBe(true);
}
