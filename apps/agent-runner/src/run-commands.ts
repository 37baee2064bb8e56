import { isOwner, type CommandGuard, type Principal } from '@countersign/auth';
import { isFinishedStatus, TerminalError, type EventData, type Run } from '@countersign/contracts';
import type { Store } from '@countersign/persistence';
import { ownersOf, userFor } from './requester.js';

/** `signed`: each command says who sends it. `trusted`: whoever may write to the topic may start and cancel runs. */
export type RunCommandPolicy = 'signed' | 'trusted';

/** For whom a run is, and who sent the request; null when nobody was recognised. */
export type Requester = Pick<Run, 'user_id' | 'requested_by'>;

type Requested = EventData<'run.requested'> & { run_id: string };
type CancelRequested = EventData<'run.cancel_requested'>;

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
   * @returns undefined when it was started before: its token may be over by the time the command arrives again
   * @throws TerminalError when its sender may not
   */
  async requester({ agent_id, run_id, token, user_id }: Requested): Promise<Requester | undefined> {
    const sender = await this.#sender(token, [run_id, agent_id]).catch(async (error: unknown) => {
      if (!(error instanceof TerminalError) || !(await this.runs.get(run_id))) throw error;
      return 'obeyed before' as const;
    });
    if (sender === 'obeyed before') return undefined;
    return { user_id: sender ? userFor(sender, user_id) : (user_id ?? null), requested_by: sender?.subject ?? null };
  }

  /** @returns whether there is something to cancel. @throws TerminalError when its sender may not */
  async mayCancel({ run_id, token }: CancelRequested): Promise<boolean> {
    const run = await this.runs.get(run_id);
    if (!run) throw noSuchRun(run_id);
    if (isFinishedStatus(run.status)) return false;
    const sender = await this.#sender(token, [run_id, run.agent_id]);
    if (sender && !isOwner(sender, ownersOf(run))) throw noSuchRun(run_id);
    return true;
  }

  async #sender(token: string | undefined, about: readonly string[]): Promise<Principal | undefined> {
    if (token === undefined && this.policy === 'trusted') return undefined;
    return this.guard.sender(token, { scope: 'runs:write', about });
  }
}

const noSuchRun = (runId: string) => new TerminalError(`there is no run "${runId}" to cancel`);
