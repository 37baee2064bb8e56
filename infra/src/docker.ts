import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docker = (args: string[]) => promisify(execFile)('docker', args, { cwd: root, timeout: 10_000 });

/** Whether a Docker engine answers and has Compose; the client alone does not count. */
export const dockerAnswers = async (): Promise<boolean> => {
  try {
    await docker(['version', '--format', '{{.Server.Version}}']);
    await docker(['compose', 'version']);
    return true;
  } catch {
    return false;
  }
};

/** Whether Compose runs any of our two servers. */
export const runsInDocker = async (): Promise<boolean> => {
  if (!(await dockerAnswers())) return false;
  const { stdout } = await docker(['compose', 'ps', '--status', 'running', '--services']);
  return /^(kafka|mongo)$/m.test(stdout);
};

export async function startInDocker(): Promise<void> {
  await compose('up', '--detach', '--wait', 'kafka', 'mongo');
  await compose('run', '--rm', 'topics');
}

export const stopInDocker = (): Promise<void> => compose('stop', 'kafka', 'mongo');

async function compose(...args: string[]): Promise<void> {
  const child = spawn('docker', ['compose', ...args], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with code ${code}`);
}
