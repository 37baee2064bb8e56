import { actOf, CommandRefused, isOwner, type CommandGuard, type Principal } from '@countersign/auth';
import type { Event } from '@countersign/contracts';
import type { Provenance } from '@countersign/contracts/provenance';
import { TerminalError } from '@countersign/contracts/problems';
import { isFinishedStatus, type Run } from '@countersign/contracts/runs';
import type { Store } from '@countersign/persistence';
import { ownersOf, userFor } from '../http/requester.js';

/** `signed`: each command says who sends it. `trusted`: whoever may write to the topic may start and cancel runs. */
export type RunCommandPolicy = 'signed' | 'trusted';

/** What `trusted` gives up, for people. */
export const trustedCommandsMean =
  'any producer on run.requested and run.cancel_requested can start and cancel runs for any user';

/** For whom a run is, and who sent the request; null when unauthenticated. */
export type Requester = Pick<Run, 'user_id' | 'requested_by'> & { act: Partial<Provenance> };

type Requested = Event<'run.requested'>;
type CancelRequested = Event<'run.cancel_requested'>;

/** Who starts and cancels runs over the bus. A token is examined wherever there is one, also where none is needed. */
export class RunCommands {
  constructor(
    private readonly guard: Pick<CommandGuard, 'sender'>,
    private readonly runs: Pick<Store<Run>, 'get'>,
    private readonly policy: RunCommandPolicy,
  ) {}

  /**
   * For whom a run is to be started, and by whom.
   *
   * @param run_id what the run is called, or will be
   * @returns undefined when it was started before, so that there is nothing to start for whoever may not
   * @throws TerminalError when its sender may not
   */
  async requester(command: Requested, run_id: string): Promise<Requester | undefined> {
    const sender = await this.#sender(command).catch(async (error: unknown) => {
      if (!(error instanceof CommandRefused) || !(await this.runs.get(run_id))) throw error;
      return 'started_before' as const;
    });
    if (sender === 'started_before') return undefined;
    const { user_id } = command.data;
    return {
      user_id: sender ? userFor(sender, user_id) : (user_id ?? null),
      requested_by: sender?.subject ?? null,
      act: act(sender, command),
    };
  }

  /**
   * Who asks for calls. Without a token nobody does, whatever the policy: which agent may ask is declared by subject.
   *
   * @returns undefined when they were asked for before @throws TerminalError when its sender may not
   */
  async asker(command: Event<'tool.call_requested'>, run_id: string): Promise<Principal | undefined> {
    return this.guard.sender(command).catch(async (error: unknown) => {
      if (!(error instanceof CommandRefused) || !(await this.runs.get(run_id))) throw error;
      return undefined;
    });
  }

  /** @returns who cancels it; undefined when it is over. @throws TerminalError when its sender may not */
  async canceller(command: CancelRequested): Promise<Partial<Provenance> | undefined> {
    const { run_id } = command.data;
    const run = await this.runs.get(run_id);
    if (!run) throw noSuchRun(run_id);
    if (isFinishedStatus(run.status)) return undefined;
    const sender = await this.#sender(command);
    if (sender && !isOwner(sender, ownersOf(run))) throw noSuchRun(run_id);
    return act(sender, command);
  }

  async #sender(command: Requested | CancelRequested): Promise<Principal | undefined> {
    if (command.data.token === undefined && this.policy === 'trusted') return undefined;
    return this.guard.sender(command);
  }
}

const act = (sender: Principal | undefined, command: { id: string }): Partial<Provenance> =>
  sender ? actOf(sender, command) : { authtype: 'unauthenticated', causationid: command.id };

const noSuchRun = (runId: string) => new TerminalError('run_not_found', `there is no run "${runId}" to cancel`);
