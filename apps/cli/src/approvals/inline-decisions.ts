import type { Approval, ResolutionData } from '@countersign/contracts/approvals';
import type { Me } from '@countersign/contracts/auth';
import type { Requirement } from '@countersign/contracts/calls';
import { presentCall } from '@countersign/contracts/presentation';
import { markedLine, visibleText, visibleLine } from '@countersign/contracts/text';
import { setTimeout as delay } from 'node:timers/promises';
import { Questions } from '../terminal/questions.js';
import { askForPreview, needsPreview, previewText, runsWith } from './preview.js';
import { approvalText } from './show.js';
import { outcomeOf } from './decide.js';
import type { Context } from '../connection/context.js';
import { exitCodes, Failure, type ExitCode } from '../connection/exit-codes.js';
import { ResolutionQuestions, type Answer } from './resolution-questions.js';
import { confirmTarget, targetOf } from './target.js';
import { oneLine } from '../terminal/words.js';

/** How long an approval may be on its way from the run to its record. */
const newsTakesMs = 10_000;

/** Asks whoever follows a run to decide on what it wants to do, where they may. */
export class InlineDecisions {
  readonly #context: Context;
  readonly #prompted = new Set<string>();
  #me: Promise<Me> | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** One after another; what another person decides meanwhile is left alone. */
  async ask(requirements: readonly Requirement[]): Promise<void> {
    for (const { tool_execution } of requirements) {
      const id = tool_execution.approval_id;
      if (id === null || tool_execution.result !== null || this.#prompted.has(id)) continue;
      this.#prompted.add(id);
      const approval = await this.#find(id);
      if (approval?.status === 'pending' && (await this.#mayDecide(approval))) await this.#decide(approval);
    }
  }

  /** Undefined when it does not come in time, or is not for these eyes. */
  async #find(id: string): Promise<Approval | undefined> {
    const { client } = this.#context;
    for (const deadline = Date.now() + newsTakesMs; Date.now() < deadline; await delay(100)) {
      try {
        return await client.approvals.get(id);
      } catch (error) {
        const failure = this.#context.explained(error);
        if (!isOneOf(failure, exitCodes.missing, exitCodes.unreachable)) throw failure;
      }
    }
    return undefined;
  }

  async #mayDecide({ terms, user_id, requested_by }: Approval): Promise<boolean> {
    const { screen, client } = this.#context;
    const { subject, scopes } = await (this.#me ??= client.auth.me());
    if (!scopes.includes('approvals:write')) return false;
    if (!terms.four_eyes || (user_id !== subject && requested_by !== subject)) return true;
    screen.note(screen.tint('dim', '  Another person has to decide: you requested this call.'));
    return false;
  }

  async #decide(approval: Approval): Promise<void> {
    const { screen, environment } = this.#context;
    const over = new AbortController();
    const theirs = this.#untilResolved(approval, over);
    const questions = new Questions(environment, over.signal);
    const resolution = new ResolutionQuestions(approval, questions, environment);
    let answer: Step = 'again';
    let changed: Approval | undefined;
    if (!fitsInQuestion(approval)) screen.note('', ...approvalText(screen, approval), '');
    try {
      while (answer === 'again' && !over.signal.aborted) answer = await this.#askOnce(approval, questions, resolution);
    } catch (error) {
      const failure = this.#context.explained(error);
      if (!(failure instanceof Failure) || failure.code === exitCodes.interrupted) throw failure;
      screen.note(screen.tint('red', visibleText(failure.message)));
      if (failure.code === exitCodes.conflict) changed = await this.#find(approval.id);
    } finally {
      over.abort();
    }
    const resolved = await theirs;
    if (resolved && answer !== 'done') screen.note(screen.tint('yellow', `  ${meanwhile(resolved)}`));
    // Another call is another question.
    if (changed?.status === 'pending' && changed.digest !== approval.digest) await this.#decide(changed);
  }

  async #askOnce(approval: Approval, questions: Questions, resolution: ResolutionQuestions): Promise<Step> {
    const { screen } = this.#context;
    const answer = await questions.choose(questionAbout(approval), [
      // What stands first is chosen by whoever presses Enter too soon.
      { value: 'later', label: 'Leave it to others, and wait' },
      { value: 'show', label: 'Show all of it first' },
      ...resolution.choices,
      { value: 'ask', label: 'Send it back with a question' },
    ]);
    if (answer === undefined || answer === 'later') return 'later';
    if (answer === 'show') {
      screen.note('', ...approvalText(screen, approval), '');
      return 'again';
    }
    try {
      if (answer === 'ask') return await this.#sendBack(approval, questions);
      const data = await resolution.particulars(answer);
      return data === undefined ? 'again' : await this.#send(approval, answer, data, questions);
    } catch (error) {
      const failure = this.#context.explained(error);
      if (!isOneOf(failure, exitCodes.usage, exitCodes.unreachable)) throw failure;
      screen.note(screen.tint('red', visibleText(failure.message)));
      return 'again';
    }
  }

  async #sendBack({ id }: Approval, questions: Questions): Promise<Step> {
    const { screen, client } = this.#context;
    const check = (text: string) => (text.trim() === '' ? 'Ask something.' : undefined);
    const text = await questions.text('What do you want to know of who requested it?', { check });
    if (text === undefined) return 'again';
    await client.approvals.ask(id, text);
    screen.note(`${screen.tint('green', '✔')} asked; it waits for an answer`);
    return 'later';
  }

  async #send(approval: Approval, answer: Answer, data: ResolutionData, questions: Questions): Promise<Step> {
    const { screen, client } = this.#context;
    const { id } = approval;
    const runs = runsWith(approval, data);
    const decides = answer !== 'reject' && answer !== 'result';
    const digest = decides ? await this.#seen(approval, data, questions) : approval.digest;
    if (digest === undefined) return 'again';
    const target = decides ? await confirmTarget(targetOf(approval, runs), { questions }) : undefined;
    const resolution_data = Object.keys(data).length > 0 ? data : null;
    const status = answer === 'reject' ? 'rejected' : 'approved';
    const resolved = await client.approvals.resolve(id, { status, resolution_data, digest, target });
    screen.note(`${screen.tint('green', '✔')} ${outcomeOf(resolved)}`);
    return 'done';
  }

  /** Shows what a call with other arguments or values would do. @returns the digest of what was seen; undefined for no */
  async #seen(approval: Approval, data: ResolutionData, questions: Questions): Promise<string | undefined> {
    if (!needsPreview(approval, data)) return approval.digest;
    const { screen } = this.#context;
    screen.note(screen.tint('dim', '  The executor is asked what that would do.'));
    const shown = await askForPreview(this.#context, approval, data);
    screen.note('', ...previewText(screen, shown, runsWith(shown, data)), '');
    const answer = await questions.choose('Approve what the preview shows?', [
      { value: 'no', label: 'No' },
      { value: 'yes', label: 'Yes' },
    ]);
    return answer === 'yes' ? shown.digest : undefined;
  }

  /** The approval once it is resolved elsewhere, which ends the questions; undefined when they are over before. */
  async #untilResolved({ id, updated_at }: Approval, over: AbortController): Promise<Approval | undefined> {
    const { client } = this.#context;
    const options = { after: String(updated_at), signal: over.signal };
    try {
      for await (const { event, data } of client.approvals.stream(options)) {
        if (event === 'removed' || data.id !== id || data.status === 'pending') continue;
        over.abort();
        return data;
      }
    } catch {
      // If this fails, the answer is refused later.
    }
    return undefined;
  }
}

const isOneOf = (error: unknown, ...codes: ExitCode[]): error is Failure =>
  error instanceof Failure && codes.includes(error.code);

type Step = 'again' | 'done' | 'later';

/** Characters of a call that a question shows; a longer one is shown whole before. */
const longestQuestion = 300;

const callOf = ({ tool_name, tool_args, approved_args }: Approval): string =>
  markedLine(`${tool_name} ${oneLine(approved_args ?? tool_args)}`);

const fitsInQuestion = (approval: Approval): boolean =>
  callOf(approval).length <= longestQuestion &&
  presentCall({ ...approval, tool_args: approval.approved_args ?? approval.tool_args }).args.every(({ block }) =>
    ['line', 'literal', 'url'].includes(block.kind),
  );

const questionAbout = (approval: Approval): string =>
  fitsInQuestion(approval)
    ? `Let it call ${callOf(approval)}?`
    : `Let it call ${markedLine(approval.tool_name)} as shown above?`;

const meanwhile = ({ status, resolved_by }: Approval): string =>
  visibleLine(`${status} meanwhile${resolved_by === null ? '' : ` by ${resolved_by}`}`);
