import type { CountersignClient } from '@countersign/client';
import type { RunEvent } from '@countersign/contracts/runs';
import { visibleLine } from '@countersign/contracts/text';
import { CallerAnswers } from './caller-answers.js';
import type { Context } from '../connection/context.js';
import { followOptions } from '../connection/follow-options.js';
import { exitCodes, Failure, type ExitCode } from '../connection/exit-codes.js';
import { InlineDecisions } from '../approvals/inline-decisions.js';
import { RunSteps } from './run-steps.js';
import type { Screen } from '../terminal/screen.js';
import type { Spinner } from '../terminal/spinner.js';

export interface FollowChoices {
  untilPaused?: boolean;
  /** False for `--no-ask`. */
  ask: boolean;
  reconnectFor: number;
}

/** Shows a run while it happens. Steps are notes and the answer is the result, so a script gets just the answer. */
export class RunFollower {
  readonly #screen: Screen;
  readonly #client: CountersignClient;
  readonly #choices: FollowChoices;
  readonly #steps: RunSteps;
  readonly #spinner: Spinner;
  readonly #decisions: InlineDecisions;
  readonly #answers: CallerAnswers;

  constructor(context: Context, choices: FollowChoices) {
    this.#screen = context.screen;
    this.#client = context.client;
    this.#choices = choices;
    this.#steps = new RunSteps(this.#screen);
    this.#spinner = this.#screen.spinner();
    this.#decisions = new InlineDecisions(context);
    this.#answers = new CallerAnswers(context);
  }

  /** @returns how the run ended. */
  async follow(runId: string): Promise<ExitCode> {
    const options = followOptions(this.#screen, this.#choices, () => {
      this.#spinner.stop();
      this.#steps.endLine();
    });
    this.#spinner.start('waiting for the agent');
    try {
      for await (const { data } of this.#client.runs.events(runId, options)) {
        const code = await this.#see(data);
        if (code !== undefined) return code;
      }
      return exitCodes.failed;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== exitCodes.interrupted) throw error;
      throw new Failure(error.code, `The run goes on: countersign runs follow ${runId}`);
    } finally {
      this.#spinner.stop();
    }
  }

  /** @returns the exit code, once it is over. */
  async #see(event: RunEvent): Promise<ExitCode | undefined> {
    this.#spinner.stop();
    if (this.#screen.json) this.#screen.showNext(event, () => []);
    else this.#steps.show(event);
    if (event.event === 'RunPaused') {
      if (this.#choices.untilPaused) return exitCodes.waiting;
      await this.#wait(event);
    }
    const end = endOf(event);
    if (end === undefined && event.event !== 'RunPaused' && !this.#steps.isInLine)
      this.#spinner.start(event.event === 'ToolCallProgress' ? progressOf(event) : 'the agent is at work');
    return end;
  }

  async #wait({ requirements, ...run }: PausedEvent): Promise<void> {
    if (this.#choices.ask && this.#screen.canAsk) {
      await this.#answers.ask(requirements, run);
      await this.#decisions.ask(requirements);
    }
    const open = requirements.filter(({ tool_execution }) => tool_execution.result === null);
    const names = open.map(({ tool_execution }) => tool_execution.tool_name).join(', ');
    this.#spinner.start(`waiting for ${names || 'a decision'}`);
  }
}

/** How far a call is: what it says of that itself, or else the last line that it printed. */
function progressOf({ message, output, percent, tool_name }: ProgressEvent): string {
  const text = message ?? output.trimEnd().split('\n').at(-1)!;
  return visibleLine(
    [tool_name, percent === null ? '' : `${percent} %`, text].filter((part) => part !== '').join('  '),
  );
}

type ProgressEvent = Extract<RunEvent, { event: 'ToolCallProgress' }>;
type PausedEvent = Extract<RunEvent, { event: 'RunPaused' }>;

function endOf({ event }: RunEvent): ExitCode | undefined {
  if (event === 'RunCompleted') return exitCodes.ok;
  if (event === 'RunCancelled') return exitCodes.cancelled;
  return event === 'RunError' ? exitCodes.failed : undefined;
}
