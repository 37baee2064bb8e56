import { atSeconds } from '@countersign/contracts/time';
import { readConfig } from '@countersign/service';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApprovedCall } from './adapter.js';
import { callWith, Follower } from '../../test/adapter.fixtures.js';
import { ExecutorConfig } from '../config.js';
import { Cluster, type ClusterFaults } from '../../test/kubectl.fixtures.js';
import { declared, declaredTools } from '../tools/tools.js';
import { token, WorkflowServer, type Fault } from '../../test/workflow-server.fixtures.js';

const examples = fileURLToPath(new URL('../../../../examples', import.meta.url));

describe('the example that rolls out on Kubernetes', () => {
  let cluster: Cluster;
  let watch: Follower;
  beforeEach(() => {
    cluster = new Cluster();
    watch = new Follower();
  });
  afterEach(() => cluster.remove());

  const tool = () => {
    const COUNTERSIGN_CONFIG = join(examples, 'kubernetes', 'countersign.yaml');
    const config = readConfig(ExecutorConfig, { COUNTERSIGN_CONFIG, PATH: `${cluster.path}:/usr/bin:/bin` });
    return declaredTools(declared(config, { KUBECONFIG: '/etc/kube/config' })).get('roll_out')!;
  };
  const args = { service: 'auth-service', version: '2.1.0' };
  const rollOut = (change: Partial<ApprovedCall> = {}) => tool().adapter!.execute(callWith(args, change), watch);
  const ask = (change: Partial<ApprovedCall> = {}) => tool().adapter!.reconcile!(callWith(args, change), watch);

  it('holds one rollout of a service at a time to office hours, and can be asked', () => {
    const { changeWindows, concurrencyKey, terms } = tool();
    expect(concurrencyKey!(callWith(args))).toBe('rollout auth-service');
    expect(changeWindows).toMatchObject([{ from: '09:00', until: '16:00', time_zone: 'Europe/Berlin' }]);
    expect(terms(atSeconds(0))).toMatchObject({ semantics: 'at_most_once', max_attempts: 5, can_reconcile: true });
  });

  it('changes the image once, follows the rollout and says how far it is', async () => {
    const outcome = await rollOut();
    expect(outcome).toMatchObject({
      outcome: 'succeeded',
      result: expect.stringContaining('deployment "auth-service" successfully rolled out'),
    });
    expect(cluster.state.rollouts).toEqual([{ name: 'auth-service', image: 'registry.example/auth-service:2.1.0' }]);
    expect(watch.percents).toEqual([33, 67]);
    expect(watch.output).toContain('2 out of 3 new replicas have been updated');
  });

  it.each<[string, ClusterFaults, object, number]>([
    ['may be tried again when the cluster was not reached', { patch: 'refused' }, { retryable: true }, 0],
    ['has failed when the cluster refuses it', { patch: 'forbidden' }, { outcome: 'failed' }, 0],
    ['has failed when the new version does not come up', { rollout: 'stuck' }, { outcome: 'failed' }, 1],
    ['is unknown when the answer to the change was lost', { patch: 'lost' }, { outcome: 'unknown' }, 1],
    ['is unknown when the rollout takes too long', { rollout: 'slow' }, { outcome: 'unknown' }, 1],
    ['is unknown when the cluster goes away meanwhile', { rollout: 'refused' }, { outcome: 'unknown' }, 1],
  ])('%s', async (_, faults, expected, times) => {
    cluster.fail(faults);
    const outcome = await rollOut();
    expect(outcome).toMatchObject(expected);
    if (outcome.outcome === 'failed' && !('retryable' in expected)) expect(outcome.retryable).toBeUndefined();
    expect(cluster.state.rollouts).toHaveLength(times);
  });

  it('has failed when there is no such service', async () => {
    const call = callWith({ ...args, service: 'unheard-of' });
    expect(await tool().adapter!.execute(call, watch)).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('"unheard-of" not found'),
    });
  });

  describe('asked about a rollout that nobody saw the end of', () => {
    it('says that it was made, when the deployment names the execution and is up', async () => {
      cluster.fail({ patch: 'lost' });
      await rollOut();
      cluster.fail({});
      expect(await ask()).toMatchObject({ outcome: 'succeeded' });
      expect(cluster.state.rollouts).toHaveLength(1);
    });

    it('says that it was not made, when the deployment names another', async () => {
      await rollOut({ id: 'execution-0' });
      expect(await ask()).toMatchObject({ outcome: 'failed', retryable: true });
    });

    it.each<ClusterFaults>([{ get: 'refused' }, { rollout: 'slow' }])('cannot tell with %j', async (faults) => {
      await rollOut();
      cluster.fail(faults);
      expect(await ask()).toMatchObject({ outcome: 'unknown' });
    });
  });
});

describe('the example that dispatches a workflow of GitHub', () => {
  let server: WorkflowServer;
  let dir: string;
  let watch: Follower;
  beforeEach(async () => {
    server = await WorkflowServer.start();
    dir = mkdtempSync(join(tmpdir(), 'countersign-github-'));
    watch = new Follower({ GITHUB_TOKEN: token });
    // A server on this machine, which is asked more often than GitHub wants to be.
    const text = readFileSync(join(examples, 'github', 'countersign.yaml'), 'utf8');
    const local = text
      .replace('every: 10', 'every: 0.01')
      .replace('timeout: 1800', 'timeout: 1\n        allow_private: true');
    writeFileSync(join(dir, 'countersign.yaml'), local);
  });
  afterEach(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  const deploy = (GITHUB_TOKEN = token) => {
    const config = readConfig(ExecutorConfig, { COUNTERSIGN_CONFIG: join(dir, 'countersign.yaml') });
    const tools = declaredTools(declared(config, { GITHUB_API_URL: server.url, GITHUB_TOKEN }));
    return tools.get('deploy_shop')!.adapter!.execute(callWith({ version: 'v2.1.0' }), watch);
  };

  it('starts it once, with the execution among its inputs, and follows the run to its end', async () => {
    expect(await deploy()).toEqual({ outcome: 'succeeded', result: 'https://github.example/runs/1000' });
    expect(server.done).toMatchObject([
      {
        path: '/repos/acme/shop/actions/workflows/deploy.yml/dispatches',
        body: { ref: 'main', inputs: { version: 'v2.1.0', environment: 'production', execution: 'execution-1' } },
      },
    ]);
  });

  it.each(['failure', 'cancelled', 'timed_out'])('has failed when the run ends with %s', async (conclusion) => {
    server.says = [
      { status: 'in_progress', conclusion: null },
      { status: 'completed', conclusion },
    ];
    expect(await deploy()).toEqual({
      outcome: 'failed',
      error: `the target says "${conclusion}": https://github.example/runs/1000`,
      covers: 'call',
    });
  });

  it.each<[string, Fault, object, number]>([
    ['may be tried again when GitHub is busy', { instead: { status: 503 } }, { outcome: 'failed', retryable: true }, 0],
    ['has failed when the workflow cannot be dispatched', { instead: { status: 422 } }, { outcome: 'failed' }, 0],
    ['is unknown when the answer is lost, and is not sent again', { done_then: 'lost' }, { outcome: 'unknown' }, 1],
  ])('%s', async (_, fault, expected, times) => {
    server.faults.push(fault);
    expect(await deploy()).toMatchObject(expected);
    expect(server.done).toHaveLength(times);
  });

  it('has failed when the token is none, which is shown to nobody', async () => {
    const outcome = await deploy('a-token-of-somebody-else');
    expect(outcome).toMatchObject({ outcome: 'failed', error: expect.stringContaining('Bad credentials') });
    expect(JSON.stringify([outcome, watch.news])).not.toContain('a-token-of-somebody-else');
  });

  it('is unknown when the run outlasts the time there is', async () => {
    server.says = [{ status: 'in_progress', conclusion: null }];
    expect(await deploy()).toMatchObject({ outcome: 'unknown', reason: expect.stringContaining('not done within') });
    expect(server.done).toHaveLength(1);
  });
});
