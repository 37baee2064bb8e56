import { defineTool } from '@countersign/tool';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const Manifest = z.object({ service: z.string(), version: z.string(), released_at: z.string() });

/** Where countersign.yaml has the deployments kept. */
// oxlint-disable-next-line node/no-process-env -- a tool has no settings of its own
const deployments = (): string => process.env['DEPLOY_TARGET_DIR'] || '.countersign/deployments';

async function manifestFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export const list_releases = defineTool({
  name: 'list_releases',
  description: 'Lists the version of every service that is deployed, and since when.',
  parameters: z.strictObject({}),
  approval: 'none',
  run: async () => {
    const directory = deployments();
    const files = await manifestFiles(directory);
    const lines = files.toSorted().map(async (name) => {
      const manifest = Manifest.parse(JSON.parse(await readFile(join(directory, name), 'utf8')));
      return `${manifest.service} ${manifest.version}, released at ${manifest.released_at}`;
    });
    return files.length > 0 ? (await Promise.all(lines)).join('\n') : 'Nothing is deployed.';
  },
});
