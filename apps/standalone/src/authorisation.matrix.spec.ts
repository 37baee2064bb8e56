import { EventList } from '@countersign/contracts/event-log';
import { eventNames } from '@countersign/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acts } from '../test/acts.fixtures.js';
import { executedCall, keyFor, pausedRun, type Records } from '../test/authorisation.fixtures.js';
import {
  isAdmin,
  may,
  onlyRequests,
  owners,
  people,
  rolesOf,
  routes,
  type Rule,
} from '../test/authorisation.routes.fixtures.js';
import { openStandalone, type Standalone } from '../test/standalone.fixtures.js';

const everybody = ['nobody', ...people];
/** How somebody who may is answered when what they ask for is not there, or makes no sense. */
const welcome = [200, 201, 204, 400, 404];
const [methodOf, pathOf] = [(route: string) => route.split(' ')[0]!, (route: string) => route.split(' ')[1]!];
const all = Object.entries(routes).map(([route, rule]) => ({ route, rule }));
const ofRecords = all.filter(({ rule }) => rule.record !== undefined);

/** Nobody but the installation's own administrator is called `admin`. */
const named = (person: string): string => `a ${person}`;

/** What somebody is answered about a record that is theirs, or not. */
function expected(person: string, isTheirs: boolean, { needs, needsOneOf = [needs], record, ok }: Rule): number {
  if (person === 'nobody') return 401;
  if (!may(person, needs) || !needsOneOf.some((scope) => may(person, scope))) return 403;
  const isHidden =
    record === 'asked' || (record === 'owned' ? !isAdmin(person) : record === 'seen' && onlyRequests(person));
  return isHidden && !isTheirs ? 404 : ok!;
}

describe('who may do what, over HTTP', () => {
  let standalone: Standalone;
  const keys: Record<string, string> = {};
  const executions: Record<string, string> = {};
  const shared: Record<string, Records> = {};

  beforeAll(async () => {
    standalone = await openStandalone();
    keys['another'] = await keyFor(standalone, named('another'), ['requester']);
    keys['platform'] = await keyFor(standalone, 'platform', ['admin']);
    for (const person of people) keys[person] = await keyFor(standalone, named(person), rolesOf(person));
    for (const owner of [...people, 'another']) {
      executions[owner] = await executedCall(standalone, ...starter(owner));
      shared[owner] = await recordsOf(owner);
    }
  }, 120_000);
  afterAll(() => standalone.close());

  /** Who starts the runs of somebody: themselves, or a platform where they may not. */
  const starter = (owner: string): [key: string, user_id?: string] =>
    owner === 'another' || may(owner, 'runs:write') ? [keys[owner]!] : [keys['platform']!, named(owner)];
  const recordsOf = async (owner: string): Promise<Records> => ({
    ...(await pausedRun(standalone, ...starter(owner))),
    execution_id: executions[owner]!,
  });

  /** @returns the status alone; a stream is not waited for. */
  async function statusOf(route: string, person: string, path: string, body?: object): Promise<number> {
    const response = await standalone.ask(methodOf(route), path, { key: keys[person], ...(body && { body }) });
    await response.body?.cancel();
    return response.status;
  }

  it('is said of every route that the application has, and of no other', () => {
    expect(standalone.routes().toSorted()).toEqual(Object.keys(routes).toSorted());
  });

  it('is said of every record that is somebody’s', () => {
    const silent = all.filter(({ route, rule }) => owners.test(route) && rule.record === undefined);
    expect(silent).toEqual([]);
  });

  it.each(all)('$route: $rule.needs', async ({ route, rule: { needs } }) => {
    const body = methodOf(route) === 'POST' ? {} : undefined;
    for (const person of everybody) {
      const status = await statusOf(route, person, pathOf(route).replaceAll(/:\w+|\*/g, 'nowhere'), body);
      if (needs === 'anybody') expect(status, person).not.toBe(403);
      else if (person === 'nobody') expect(status, person).toBe(401);
      else if (needs === 'known' || may(person, needs)) expect(welcome, person).toContain(status);
      else expect(status, person).toBe(403);
    }
  });

  it('is said of every route that changes something by which event it is on record', () => {
    const changing = Object.keys(routes).filter((route) => !/^(GET|HEAD|OPTIONS) /.test(route));
    expect(Object.keys(acts).toSorted()).toEqual(changing.toSorted());
    for (const events of Object.values(acts))
      if (typeof events !== 'string') expect(eventNames).toEqual(expect.arrayContaining([...events]));
  });

  it('is on the log where no other event would be there, and of nobody who may not', async () => {
    const answer = await standalone.ask('GET', '/events?type=access.used&limit=1000', { key: keys['admin'] });
    const { data: events } = EventList.parse(await answer.json());
    const counted = Map.groupBy(events, ({ data: { method, route } }) => `${String(method)} ${String(route)}`);
    const used = Object.keys(acts).filter((route) => acts[route]!.includes('access.used'));
    // Each of these was asked for once by everybody.
    const allowed = ({ needs }: Rule) => people.filter((person) => needs === 'known' || may(person, needs)).length;
    expect(Object.fromEntries([...counted].map(([route, each]) => [route, each.length]))).toEqual(
      Object.fromEntries(used.map((route) => [route, allowed(routes[route]!)])),
    );
  });

  it.each(ofRecords)('$route of somebody: $rule.record', async ({ route, rule }) => {
    for (const person of everybody) {
      for (const owner of rule.onlyOthers || person === 'nobody' ? ['another'] : [person, 'another']) {
        const isTheirs = owner === person;
        const answer = expected(person, isTheirs, rule);
        // Whatever may be changed is made for it.
        const records = methodOf(route) !== 'GET' && answer < 400 ? await recordsOf(owner) : shared[owner]!;
        const other = rule.isOver && answer !== 403 && answer !== 401 ? await recordsOf(owner) : records;
        if (rule.isOver && other !== records)
          await statusOf('POST', 'admin', `/agents/ops/runs/${other.run_id}/cancel`, {});
        const id = route.includes('/executions/') ? other.execution_id : other.approval_id;
        const ids: Record<string, string> = { ...other, agent_id: 'ops', id };
        const path = pathOf(route).replaceAll(/:(\w+)/g, (_, name: string) => ids[name]!);
        const status = await statusOf(route, person, path, rule.body);
        expect(status, `${isTheirs ? 'their own' : "another's"}, as ${person}`).toBe(answer);
      }
    }
  });
});
