import { freePort } from '@countersign/infra';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keys, Terminal } from './command-line.js';
import { call, says, text, wants } from '../runs/model-plans.js';
import { pendingOf } from '../world/flow.js';
import { EmbeddedStack } from '../world/stack.js';
import { World } from '../world/world.js';

/** The same after a restart. */
const port = await freePort();

describe('countersign on a terminal', () => {
  const world = new World((options) => new EmbeddedStack(options), { PORT: String(port) });
  const open: Terminal[] = [];
  let admin: Record<string, string>;
  beforeAll(async () => {
    await world.open();
    admin = signedIn(world.client.admin.authorization);
  });
  afterEach(() => open.splice(0).forEach((terminal) => terminal.close()));
  afterAll(() => world.close());

  const signedIn = (authorization: string) => ({
    COUNTERSIGN_URL: world.client.origins.runs,
    COUNTERSIGN_KEY: authorization.replace('Bearer ', ''),
  });
  const at = (args: string[], env: Record<string, string> = admin): Terminal => {
    const terminal = new Terminal(args, { env });
    open.push(terminal);
    return terminal;
  };
  /** Nothing that decides stands first. */
  const approve = [keys.down, keys.down, keys.enter];
  const follow = (input: string, env?: Record<string, string>) =>
    at(['run', input, '--agent', 'worker', '--follow'], env);

  it('asks whoever follows a run to approve, and goes on to its answer', async () => {
    const line = 'approved where it was asked';
    const input = world.plans.plan(
      'Approve here',
      { output: [text('I will deploy.'), call('deploy', { line })] },
      says('It is deployed.'),
    );
    const terminal = follow(input);
    await terminal.shows(`Let it call deploy line=${JSON.stringify(line)}?`);
    expect(terminal.text).toMatch(/▶ worker[^]*I will deploy\.[^]*⏸ deploy[^]*waits for approval/);
    terminal.press(...approve);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toMatch(/✔ approved[^]*✔ deploy[^]*It is deployed\.\n■ completed\n$/);
    expect(world.timesWritten(line)).toBe(1);
  });

  it('shows how far a call is while it is made', async () => {
    const gate = world.gate();
    const deployment = call('deploy', { line: 'shown on its way', until: gate.path });
    const terminal = follow(world.plans.plan('Show it', wants(deployment), says('It is deployed.')));
    await terminal.shows('Let it call deploy');
    terminal.press(...approve);
    await terminal.shows('deploy  50 %  half of it');
    gate.open();
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toMatch(/✔ deploy[^]*■ completed\n$/);
  });

  it('shows all of a call before it is rejected there, with a reason that the model receives', async () => {
    const input = world.plans.plan('Reject here', wants(call('deploy', { line: 'never' })), says('As you wish.'));
    const terminal = follow(input);
    await terminal.shows('Show all of it first');
    terminal.press(keys.down, keys.enter);
    await terminal.shows('line: never');
    await terminal.shows(/Digest +sha256:[^]*Reject, with a reason/);
    terminal.press(keys.down, keys.down, keys.down, keys.enter);
    await terminal.shows('Why? (passed to the model)');
    terminal.press('not today', keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toMatch(/✔ rejected[^]*✘ deploy[^]*Reason: not today/);
    expect(world.timesWritten('never')).toBe(0);
  });

  it('stops asking when somebody else has decided', async () => {
    const input = world.plans.plan(
      'Decided elsewhere',
      wants(call('deploy', { line: 'elsewhere' })),
      says('Thanks, Grace.'),
    );
    const terminal = follow(input);
    await terminal.shows('Let it call');
    const { data } = await world.client.approvals.list({ status: 'pending', text: 'elsewhere' });
    await world.client.resolve(data[0]!.id, 'approved', 'grace');
    await terminal.shows('approved meanwhile by grace');
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('Thanks, Grace.');
  });

  it('asks for the fields of a call before it is approved, and again for what does not fit', async () => {
    const input = world.plans.plan('Fill in', wants(call('grant_access', { system: 'billing' })), says('Granted.'));
    const terminal = follow(input);
    await terminal.shows('Let it call grant_access system=billing?');
    terminal.press(...approve);
    await terminal.shows('◆  hours');
    terminal.press('x', keys.enter);
    await terminal.shows('hours is of the type int, and "x" is not.');
    terminal.press(keys.backspace, '4', keys.enter);
    await terminal.shows('◆  ticket');
    terminal.press('none', keys.enter);
    await terminal.shows(/ticket[^]*must match pattern[^]*◆ {2}Let it call grant_access/);
    terminal.press(...approve);
    await terminal.shows(/must match pattern[^]*◆ {2}hours/);
    terminal.press(keys.enter);
    await terminal.shows(/must match pattern[^]*◆ {2}ticket/);
    terminal.press(...Array<string>(4).fill(keys.backspace), 'OPS-1', keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('Granted.');
    expect(world.timesWritten('billing 4 OPS-1')).toBe(1);
  });

  it('asks whoever started the run what the agent wants to know of them', async () => {
    const input = world.plans.plan('Ask', wants(call('ask_person', { question: 'Which order?' })), says('Thank you.'));
    const terminal = follow(input);
    await terminal.shows('◆  answer');
    terminal.press('A', keys.enter);
    await terminal.shows(/does not fit[^]*◆ {2}answer/);
    terminal.press('-1001', keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('Thank you.');
  });

  it('does not ask who may not decide, and shows what others decide', async () => {
    const requester = await world.client.for('ada', { roles: ['requester'] });
    const input = world.plans.plan('By others', wants(call('deploy', { line: 'by others' })), says('Done by others.'));
    const terminal = follow(input, signedIn(requester.admin.authorization));
    await terminal.shows('waiting for deploy');
    const { data } = await world.client.approvals.list({ status: 'pending', text: 'by others' });
    expect(terminal.text).not.toContain('Let it call');
    await world.client.resolve(data[0]!.id, 'approved', 'grace');
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('Done by others.');
  });

  it('goes on through a restart of the server', async () => {
    const requester = await world.client.for('ada', { roles: ['requester'] });
    const input = world.plans.plan('Restarted', wants(call('deploy', { line: 'restarted' })), says('After all.'));
    const terminal = follow(input, signedIn(requester.admin.authorization));
    await terminal.shows('waiting for deploy');
    await world.stack.stop();
    await terminal.shows('The connection broke; connecting again…');
    await world.stack.start();
    await terminal.shows('Connected again.');
    const { data } = await world.client.approvals.list({ status: 'pending', text: 'restarted' });
    await world.client.resolve(data[0]!.id, 'approved', 'grace');
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain('After all.');
    expect(terminal.text.match(/▶ worker/g)).toHaveLength(1);
  });

  it('leaves with Ctrl-C, and says how to come back', async () => {
    const input = world.plans.plan('Interrupted', wants(call('deploy', { line: 'interrupted' })));
    const terminal = follow(input);
    await terminal.shows('Let it call');
    terminal.press(keys.interrupt);
    expect(await terminal.ended).toBe(130);
    const [, runId] = /countersign runs follow (\S+)/.exec(terminal.text)!;
    const again = at(['runs', 'follow', runId!]);
    await again.shows('Let it call');
    again.press(keys.interrupt);
    expect(await again.ended).toBe(130);
    await pendingOf(world.client, runId!);
  });

  it('shows tables in colour and within the terminal, and nothing of what a tool call could do to it', async () => {
    const line = `\u001b[2J\u202e${'very '.repeat(40)}long`;
    await world.startPaused(world.plans.plan('Disguised', wants(call('deploy', { line }))));
    const list = at(['approvals', 'list', '--text', 'disguised']);
    expect(await list.ended).toBe(0);
    expect(list.raw).toContain('\u001b[2mID');
    expect(list.raw).not.toContain('\u001b[2J');
    expect(list.text).toContain('[U+202E]');
    for (const each of list.text.split(/\r?\n/)) expect(each.length).toBeLessThanOrEqual(100);
    const plain = at(['approvals', 'list'], { ...admin, NO_COLOR: '1' });
    expect(await plain.ended).toBe(0);
    expect(plain.raw).not.toContain('\u001b[');
  });

  it('asks for a key without showing it, and keeps it for later', async () => {
    const { COUNTERSIGN_URL, COUNTERSIGN_KEY } = admin as { COUNTERSIGN_URL: string; COUNTERSIGN_KEY: string };
    const home = { XDG_CONFIG_HOME: world.gate().path };
    const login = at(['login', '--url', COUNTERSIGN_URL], home);
    await login.shows('The key for');
    login.press(COUNTERSIGN_KEY, keys.enter);
    expect(await login.ended).toBe(0);
    expect(login.text).toContain('Signed in at');
    expect(login.text).not.toContain(COUNTERSIGN_KEY);
    const later = at(['whoami'], home);
    expect(await later.ended).toBe(0);
    expect(later.text).toContain(COUNTERSIGN_URL);
  });
});
