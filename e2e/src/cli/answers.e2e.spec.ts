import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keys, runCommand, Terminal } from './command-line.js';
import { call, outputsIn, says, wants } from '../runs/model-plans.js';
import { EmbeddedStack } from '../world/stack.js';
import { World } from '../world/world.js';

/** The places of the answers in the list. */
const answers = { approve: 2, reject: 3, edit: 4, grant: 5, result: 6 } as const;

describe('whoever is asked on a terminal', () => {
  const world = new World((options) => new EmbeddedStack(options));
  const open: Terminal[] = [];
  let admin: Record<string, string>;
  beforeAll(async () => {
    await world.open();
    const { authorization } = world.client.admin;
    admin = { COUNTERSIGN_URL: world.client.origins.runs, COUNTERSIGN_KEY: authorization.replace('Bearer ', '') };
  });
  afterEach(() => open.splice(0).forEach((terminal) => terminal.close()));
  afterAll(() => world.close());

  const planned = (line: string) => world.plans.plan('Deploy', wants(call('deploy', { line })), says('So be it.'));
  const follow = (input: string, env: Record<string, string> = {}): Terminal => {
    const terminal = new Terminal(['run', input, '--agent', 'worker', '--follow'], { env: { ...admin, ...env } });
    open.push(terminal);
    return terminal;
  };
  const question = (line: string): string => `Let it call deploy line=${JSON.stringify(line)}?`;
  const choose = (terminal: Terminal, answer: keyof typeof answers) =>
    terminal.press(...Array<string>(answers[answer]).fill(keys.down), keys.enter);
  const approvalOf = async (terminal: Terminal) => {
    const [, id] = /waits for approval (\S+)/.exec(terminal.text)!;
    return world.client.approvals.get(id!);
  };

  it('approves other arguments in their editor, and is asked again about what is no JSON or does not fit', async () => {
    // Each time that it is opened it makes the next change.
    const editor = `sed -i 's/: "edit me"/: edit me/; t; s/: edit me/: ""/; t; s/: ""/: "as edited"/'`;
    const terminal = follow(planned('edit me'), { VISUAL: editor, EDITOR: 'false' });
    await terminal.shows(question('edit me'));
    choose(terminal, 'edit');
    await terminal.shows(/The arguments cannot be used[^]*◆ {2}Let it call/);
    choose(terminal, 'edit');
    await terminal.shows(/The arguments cannot be used[^]*do not fit[^]*◆ {2}Let it call/);
    choose(terminal, 'edit');
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toMatch(/✔ approved {2}deploy line="as edited"[^]*So be it\./);
    expect([world.timesWritten('edit me'), world.timesWritten('as edited')]).toEqual([0, 1]);
    expect(await approvalOf(terminal)).toMatchObject({ approved_args: { line: 'as edited' } });
  });

  it('is shown all of a call that is longer than a question, before one is asked', async () => {
    const line = `${'x'.repeat(1_000)} p\u0430yments`;
    const terminal = follow(planned(line));
    await terminal.shows('Let it call deploy as shown above?');
    expect(terminal.text.replaceAll(/\s/g, '')).toContain(`line:${'x'.repeat(1_000)}p\u0430[U+0430]yments`);
    choose(terminal, 'approve');
    expect(await terminal.ended).toBe(0);
    expect(world.timesWritten(line)).toBe(1);
  });

  it('is shown what an id stands for before it is approved, unless they say yes to begin with', async () => {
    const { approval } = await world.startPaused(planned('by its id'));
    const approve = (...options: string[]): Terminal => {
      const terminal = new Terminal(['approvals', 'approve', approval.id, ...options], { env: admin });
      open.push(terminal);
      return terminal;
    };
    const first = approve();
    await first.shows(/line: by its id[^]*Approve it\?/);
    first.press(keys.enter);
    expect(await first.ended).toBe(1);
    expect(first.text).toContain('Nothing was decided.');
    expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'pending' });
    expect(await approve('--yes').ended).toBe(0);
    expect(await world.client.approvals.get(approval.id)).toMatchObject({ status: 'approved' });
  });

  it('sees in clear what they are to confirm, also where streams show it redacted', async () => {
    const input = world.plans.plan(
      'Confirm',
      wants(call('confirm_secret', { line: 'to the vault' })),
      says('So be it.'),
    );
    const terminal = follow(input);
    await terminal.shows('Let it call confirm_secret line="to the vault"?');
    choose(terminal, 'approve');
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toMatch(/\n→ confirm_secret line=\[redacted\]/);
  });

  it('can type in the editor', async () => {
    const editor = `sh -c 'printf "Which line? "; read -r word; sed -i "s/any line/$word/" "$0"'`;
    const terminal = follow(planned('any line'), { EDITOR: editor });
    await terminal.shows(question('any line'));
    choose(terminal, 'edit');
    await terminal.shows('Which line?');
    terminal.press('this one', keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(world.timesWritten('this one')).toBe(1);
  });

  it('simply approves what was left as it was in the editor', async () => {
    const terminal = follow(planned('left alone'), { EDITOR: 'true' });
    await terminal.shows(question('left alone'));
    choose(terminal, 'edit');
    expect(await terminal.ended).toBe(0);
    expect(world.timesWritten('left alone')).toBe(1);
    expect(await approvalOf(terminal)).toMatchObject({ approved_args: null, resolution_data: null });
  });

  it('decides nothing by an editor that fails, or a file that is emptied', async () => {
    const emptied = follow(planned('is emptied'), { EDITOR: 'truncate -s 0' });
    await emptied.shows(question('is emptied'));
    choose(emptied, 'edit');
    await emptied.shows(/Nothing was left of the arguments[^]*◆ {2}Let it call/);
    const failed = follow(planned('has failed'), { EDITOR: 'false' });
    await failed.shows(question('has failed'));
    choose(failed, 'edit');
    await failed.shows(/The editor did not end well \(false\)[^]*◆ {2}Let it call/);
    for (const terminal of [emptied, failed]) {
      expect(await approvalOf(terminal)).toMatchObject({ status: 'pending' });
      terminal.press(keys.interrupt);
      expect(await terminal.ended).toBe(130);
    }
  });

  it('is asked argument by argument where there is no editor', async () => {
    const terminal = follow(planned('by field'));
    await terminal.shows(question('by field'));
    choose(terminal, 'edit');
    await terminal.shows('◆  line');
    terminal.press('s', keys.enter);
    await terminal.shows('◆  until: A file that it waits for. (may be empty)');
    terminal.press(keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(world.timesWritten('by fields')).toBe(1);
    expect(await approvalOf(terminal)).toMatchObject({ approved_args: { line: 'by fields' } });
  });

  it('lets the same call through for as long as they say', async () => {
    const terminal = follow(planned('is granted'));
    await terminal.shows(question('is granted'));
    choose(terminal, 'grant');
    await terminal.shows('For how long may it make this call without asking, 10 times at most?');
    terminal.press(keys.down, keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(await approvalOf(terminal)).toMatchObject({ resolution_data: { grant: { expires_in: 8 * 3_600 } } });
    const { credentials, origins } = world.client;
    const key = await credentials.keyOf('somebody else', origins.approvals, { roles: ['requester'] });
    const env = { ...admin, COUNTERSIGN_KEY: key };
    const again = await runCommand(['run', planned('is granted'), '--agent', 'worker', '--follow'], { env });
    expect(again).toMatchObject({ code: 0, out: 'So be it.\n' });
    expect(world.timesWritten('is granted')).toBe(2);
  });

  it('says what came of a call that was already made by hand', async () => {
    const input = planned('by hand');
    const terminal = follow(input);
    await terminal.shows(question('by hand'));
    choose(terminal, 'result');
    await terminal.shows('Result?');
    terminal.press('I did it.', keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(outputsIn(world.lastRequest(input))).toEqual(['I did it.']);
    expect(world.timesWritten('by hand')).toBe(0);
  });

  it('is shown what others have approved, and approves the same or rejects', async () => {
    const line = 'two of us';
    const { approval } = await world.startPaused(planned(line));
    const tool_args = { line: 'two of us, as edited' };
    await world.client.resolve(approval.id, 'approved', 'grace', { tool_args });
    const terminal = new Terminal(['runs', 'follow', approval.run_id], { env: admin });
    open.push(terminal);
    await terminal.shows(question(tool_args.line));
    expect(terminal.text).not.toContain('other arguments');
    choose(terminal, 'approve');
    expect(await terminal.ended).toBe(0);
    expect([world.timesWritten(line), world.timesWritten(tool_args.line)]).toEqual([0, 1]);
  });

  it('is asked again about what others have changed meanwhile, and decides on nothing unseen', async () => {
    const line = 'two of us at once';
    const terminal = follow(planned(line));
    await terminal.shows(question(line));
    const { id } = await approvalOf(terminal);
    const tool_args = { line: 'two of us, as changed' };
    await world.client.resolve(id, 'approved', 'grace', { tool_args });
    choose(terminal, 'approve');
    await terminal.shows('look at it again');
    await terminal.shows(question(tool_args.line));
    expect(await world.client.approvals.get(id)).toMatchObject({ status: 'pending', decisions: [{ by: 'grace' }] });
    choose(terminal, 'approve');
    expect(await terminal.ended).toBe(0);
    expect([world.timesWritten(line), world.timesWritten(tool_args.line)]).toEqual([0, 1]);
  });

  it('is offered only what the rules allow', async () => {
    const terminal = follow(planned('two of us again'));
    await terminal.shows('Leave it to others');
    expect(terminal.text).toContain('Approve with other arguments');
    expect(terminal.text).not.toContain('for a while');
    expect(terminal.text).not.toContain('by hand');
    terminal.press(keys.interrupt);
    expect(await terminal.ended).toBe(130);
  });
});
