import { fileURLToPath } from 'node:url';
import type { Adapter } from './adapter.js';
import { CommandAdapter } from './adapter.command.js';

const releaseProgram = fileURLToPath(new URL('../dist/release.js', import.meta.url));

/** What the executor may do, by tool name. A call of any other tool is refused, approved or not. */
export const defaultTools = (targetDir: string, path: string, timeout: number): ReadonlyMap<string, Adapter> =>
  new Map<string, Adapter>([
    [
      'deploy_to_production',
      new CommandAdapter({
        program: process.execPath,
        args: ({ id, tool_args }) => [
          releaseProgram,
          'deploy',
          `--target=${targetDir}`,
          `--service=${String(tool_args['service_name'])}`,
          `--version=${String(tool_args['version'])}`,
          `--id=${id}`,
        ],
        env: { PATH: path },
        timeout,
      }),
    ],
  ]);
