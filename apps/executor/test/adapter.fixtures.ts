import { systemClock } from '@countersign/contracts/time';
import { maskFor, type Mask } from '@countersign/definitions/masking';
import type { CallProgress } from '@countersign/tool';
import { InTheWay, type ApprovedCall, type Obstacle, type Watch } from '../src/adapters/adapter.js';

export const callWith = (
  tool_args: ApprovedCall['tool_args'] = {},
  rest: Partial<ApprovedCall> = {},
): ApprovedCall => ({
  id: 'execution-1',
  run_id: 'run-1',
  tool_call_id: 'call-1',
  tool_name: 'tool',
  tool_args,
  attempt: 1,
  started_at: systemClock(),
  ...rest,
});

/** Follows a call, remembers what it is told, and may stop it. */
export class Follower implements Watch {
  readonly news: CallProgress[] = [];
  readonly #stopping = new AbortController();
  readonly signal: AbortSignal = this.#stopping.signal;
  readonly mask: Mask;
  /** What is in the way of the call, for the last look. */
  obstacle: Obstacle | undefined;
  looks = 0;
  readonly lastLook = async (): Promise<void> => {
    this.looks += 1;
    if (this.obstacle) throw new InTheWay(this.obstacle);
  };
  readonly progress = (news: CallProgress): void => void this.news.push(news);

  /** @param env what a placeholder in a declaration stands for, all of it a secret */
  constructor(env: Record<string, string> = {}) {
    this.mask = maskFor(
      Object.keys(env).map((name) => `{{env.${name}}}`),
      env,
    );
  }

  get output(): string {
    return this.news.map(({ output = '' }) => output).join('');
  }

  get percents(): number[] {
    return this.news.flatMap(({ percent = [] }) => percent);
  }

  stop(reason = 'requested by ada'): void {
    this.#stopping.abort(new Error(reason));
  }
}
