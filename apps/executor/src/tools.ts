import { ConfigError } from '@countersign/contracts';
import { readDefinitions, type CommandEntry, type ToolEntry } from '@countersign/definitions';
import { join, resolve } from 'node:path';
import type { Adapter } from './adapter.js';
import { CommandAdapter } from './adapter.command.js';
import type { ExecutorConfig } from './config.js';
import { compileTemplate, fixedValue, type Surroundings } from './template.js';

/**
 * What the executor may do, by tool name: what the file says under `execute`. A call of any other tool is refused,
 * approved or not.
 *
 * @param env what `{{env.NAME}}` stands for.
 * @throws ConfigError naming every variable that is not set.
 */
export function declaredTools(
  config: ExecutorConfig,
  env: Record<string, string | undefined> = {},
): ReadonlyMap<string, Adapter> {
  const { DEPLOY_TARGET_DIR, DATA_DIR } = config;
  const deploy_target_dir = resolve(DEPLOY_TARGET_DIR ?? join(DATA_DIR, 'deployments'));
  const { path, tools } = readDefinitions(config.COUNTERSIGN_CONFIG);
  const problems: string[] = [];
  const adapters = tools.flatMap((tool): [string, Adapter][] => {
    if (!tool.execute) return [];
    try {
      return [
        [tool.name, commandAdapter(tool, tool.execute.command, config, { settings: { deploy_target_dir }, env })],
      ];
    } catch (error) {
      problems.push(`  ${tool.name}: ${(error as Error).message}`);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(`Tools of ${path} cannot be executed:\n${problems.join('\n')}`);
  return new Map(adapters);
}

function commandAdapter(
  { max_output }: ToolEntry,
  { program, args, env, timeout, working_directory }: CommandEntry,
  { PATH, EXECUTION_TIMEOUT_SECONDS }: ExecutorConfig,
  surroundings: Surroundings,
): Adapter {
  const templates = args.map((text) => compileTemplate(text, surroundings));
  const declared = Object.entries(env).map(([name, text]) => [name, fixedValue(text, surroundings)]);
  return new CommandAdapter({
    program: program === 'node' ? process.execPath : program,
    args: (call) => templates.map((template) => template(call)).filter((text) => text !== undefined),
    env: { PATH, ...Object.fromEntries(declared) },
    timeout: (timeout ?? EXECUTION_TIMEOUT_SECONDS) * 1000,
    maxOutput: max_output,
    ...(working_directory !== undefined && { cwd: working_directory }),
  });
}
