import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stateDir } from '../java-libraries.js';
import { prepared } from '../prepared.js';

const run = promisify(execFile);

const helm = 'helm.sh/helm/v4/cmd/helm@v4.3.1';
const kubeconform = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
/** The JSON Schemas of Kubernetes are in a package for Python. */
const schemas = 'kubernetes-validate==1.37.0';
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

/** Builds Helm and kubeconform with Go and fetches the schemas with pip, once: five minutes of a processor. */
export async function helmTools(): Promise<HelmTools> {
  const version = createHash('sha256')
    .update([helm, kubeconform, schemas, kubernetes, ...kinds].join())
    .digest('hex');
  const directory = await prepared(join(stateDir, `helm-${version.slice(0, 12)}`), async (work) => {
    process.stderr.write('Building Helm and kubeconform with Go, once. This takes minutes.\n');
    // oxlint-disable-next-line node/no-process-env -- where Go keeps what it has built is for the machine to say
    const env = { ...process.env, GOBIN: work, GOFLAGS: '-trimpath', CGO_ENABLED: '0' };
    for (const tool of [kubeconform, helm]) await run('go', ['install', tool], { env });
    await run('pip', ['download', '--quiet', '--no-deps', '--dest', work, schemas]);
    await run('sh', ['-c', `python3 -m zipfile -e ${work}/*.whl ${work}/unpacked && rm ${work}/*.whl`]);
    const from = join(work, 'unpacked/kubernetes_validate/kubernetes-json-schema', kubernetes);
    await mkdir(join(work, 'schemas'));
    for (const kind of kinds) await standAlone(from, kind, join(work, 'schemas'));
    await rm(join(work, 'unpacked'), { recursive: true });
  });
  return {
    helm: join(directory, 'helm'),
    kubeconform: join(directory, 'kubeconform'),
    schemaLocation: join(directory, 'schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json'),
  };
}

/** Puts what a schema refers to into it, since the package has that at an address of its own. */
async function standAlone(from: string, kind: string, to: string): Promise<void> {
  const read = async (file: string) =>
    (await readFile(join(from, file), 'utf8')).replaceAll('/api/_definitions.json#', '#');
  const { $defs } = JSON.parse(await read('_definitions.json')) as { $defs: object };
  const schema = JSON.parse(await read(`${kind}.json`)) as object;
  const draft = 'https://json-schema.org/draft/2020-12/schema';
  await writeFile(join(to, `${kind}.json`), JSON.stringify({ ...schema, $schema: draft, $defs }));
}
