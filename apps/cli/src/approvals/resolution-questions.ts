import { agreedOn, type Approval, type DecisionKind, type ResolutionData } from '@countersign/contracts/approvals';
import { canonicalJson } from '@countersign/contracts/json';
import { fieldsToFill } from './show.js';
import { ArgumentEditor } from './values/argument-editor.js';
import { promptFields } from './values/field-questions.js';
import type { Questions } from '../terminal/questions.js';
import type { CliEnvironment } from '../connection/environment.js';
import { plural } from '../terminal/words.js';

/** The possible answers. All but the last approve. */
export type Answer = 'approve' | 'edit' | 'grant' | 'result' | 'reject';

const labels: Record<Answer, string> = {
  approve: 'Approve',
  reject: 'Reject, with a reason',
  edit: 'Approve with other arguments',
  grant: 'Approve, and such calls for a while',
  result: 'Approve as already done by hand',
};

const hour = 3_600;
const periods = { '1 hour': hour, '8 hours': 8 * hour, '1 day': 24 * hour, '7 days': 7 * 24 * hour };

/** Asks what a decision on one approval says. */
export class ResolutionQuestions {
  readonly #approval: Approval;
  readonly #questions: Questions;
  readonly #editor: ArgumentEditor;
  /** What others have approved, and whoever comes after them has to approve too. */
  readonly #agreed: ResolutionData | null;
  /** What was filled in, for when it does not fit. */
  readonly #drafts = new Map<string, string>();

  constructor(approval: Approval, questions: Questions, environment: CliEnvironment) {
    this.#approval = approval;
    this.#questions = questions;
    this.#editor = new ArgumentEditor(approval, questions, environment);
    this.#agreed = agreedOn(approval);
  }

  /** What there is to choose from, as the rules allow it. */
  get choices(): { value: Answer; label: string }[] {
    const { allowed_decisions } = this.#approval;
    const needs = (answer: Answer): DecisionKind[] => (answer === 'reject' ? ['reject'] : ['approve', answer]);
    return (Object.keys(labels) as Answer[])
      .filter((answer) => needs(answer).every((kind) => allowed_decisions.includes(kind)) && this.#makesSense(answer))
      .map((value) => ({ value, label: labels[value] }));
  }

  /** What a decision says besides its verdict. Undefined once the questions are over. @throws Failure that says what does not fit. */
  async particulars(answer: Answer): Promise<ResolutionData | undefined> {
    const data = answer === 'reject' ? {} : (this.#agreed ?? (await this.#approvalData(answer)));
    const note = data && (await this.#note(answer));
    return note === undefined ? undefined : { ...data, ...(note && { note }) };
  }

  /** Other arguments are held against a schema, so there has to be one. */
  #makesSense(answer: Answer): boolean {
    if (this.#agreed) return answer === 'approve' || answer === 'reject';
    return answer !== 'edit' || this.#approval.parameters !== null;
  }

  async #approvalData(answer: Answer): Promise<ResolutionData | undefined> {
    if (answer === 'result') {
      const check = (text: string) => (text === '' ? 'The agent needs to know.' : undefined);
      const result = await this.#questions.text('Result?', { check });
      return result === undefined ? undefined : { result };
    }
    const tool_args = answer === 'edit' ? await this.#editor.ask() : this.#approval.tool_args;
    const values = tool_args && (await promptFields(this.#questions, fieldsToFill(this.#approval), this.#drafts));
    const grant = values && answer === 'grant' ? await this.#period() : null;
    if (!values || grant === undefined) return undefined;
    return {
      ...(canonicalJson(tool_args) !== canonicalJson(this.#approval.tool_args) && { tool_args }),
      ...(Object.keys(values).length > 0 && { values }),
      ...(grant !== null && { grant }),
    };
  }

  async #period(): Promise<{ expires_in: number } | undefined> {
    const { max_duration, max_uses } = this.#approval.terms.grant;
    const allowed = Object.entries(periods).filter(([, seconds]) => seconds <= max_duration);
    const choices = allowed.length > 0 ? allowed : [[`${max_duration} seconds`, max_duration] as const];
    const question = `For how long may it make this call without asking, ${plural(max_uses, 'time')} at most?`;
    const period = await this.#questions.choose(
      question,
      choices.map(([value]) => ({ value, label: value })),
    );
    const chosen = choices.find(([value]) => value === period);
    return chosen && { expires_in: chosen[1] };
  }

  async #note(answer: Answer): Promise<string | undefined> {
    const isNeeded = this.#approval.terms.reason_required.includes(answer === 'reject' ? 'reject' : 'approve');
    if (!isNeeded && answer !== 'reject') return '';
    const check = (text: string) => (isNeeded && !text ? 'Say why.' : undefined);
    return this.#questions.text('Why? (passed to the model)', { check });
  }
}
