import type { Requirement } from '@countersign/contracts/calls';
import { markedLine, visibleLine } from '@countersign/contracts/text';
import type { RunName } from '@countersign/client';
import type { Context } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { promptFields } from '../approvals/values/field-questions.js';
import { Questions } from '../terminal/questions.js';
import { oneLine } from '../terminal/words.js';

/** What a call is answered with, in agno's words. */
type Answer = Pick<Requirement, 'id'> & {
  confirmation?: boolean;
  confirmation_note?: string;
  external_execution_result?: string;
  user_input_schema?: { name: string; value: unknown }[];
};

/** Asks whoever follows a run for what it needs of the one who started it, which no approval stands for. */
export class CallerAnswers {
  readonly #context: Context;
  readonly #prompted = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  async ask(requirements: readonly Requirement[], { run_id, agent_id }: RunName): Promise<void> {
    const { screen, client } = this.#context;
    for (const requirement of requirements) {
      const { approval_id, result } = requirement.tool_execution;
      if (approval_id !== null || result !== null || this.#prompted.has(requirement.id)) continue;
      this.#prompted.add(requirement.id);
      const shown = await this.#inClear(requirement, run_id);
      const drafts = new Map<string, string>();
      for (let isAnswered = false; !isAnswered;) {
        const answer = await this.#answer(shown, drafts);
        isAnswered = await client.runs.continue({ run_id, agent_id }, { requirements: [answer] }).then(
          () => true,
          (error: unknown) => {
            const failure = this.#context.explained(error);
            if (!(failure instanceof Failure)) throw failure;
            screen.note(screen.tint('red', visibleLine(failure.message)));
            return failure.code !== exitCodes.usage;
          },
        );
      }
    }
  }

  /** What streams tell is redacted; whoever answers sees all of it. */
  async #inClear(requirement: Requirement, run_id: string): Promise<Requirement> {
    if (requirement.tool_execution.redact.length === 0) return requirement;
    const { requirements } = await this.#context.client.runs.get(run_id);
    return requirements.find(({ id }) => id === requirement.id) ?? requirement;
  }

  async #answer(requirement: Requirement, drafts: Map<string, string>): Promise<Answer> {
    const { id, user_input_schema, tool_execution } = requirement;
    const questions = new Questions(this.#context.environment);
    const call = markedLine(`${tool_execution.tool_name} ${oneLine(tool_execution.tool_args)}`);
    if (user_input_schema) {
      const values = (await promptFields(questions, user_input_schema, drafts)) ?? {};
      return { id, user_input_schema: Object.entries(values).map(([name, value]) => ({ name, value })) };
    }
    if (tool_execution.external_execution_required) {
      const check = (text: string) => (text === '' ? 'The agent needs to know.' : undefined);
      return { id, external_execution_result: (await questions.text(`What came of ${call}?`, { check })) ?? '' };
    }
    const verdict = await questions.choose(`Let it call ${call}?`, [
      { value: 'yes', label: 'Yes' },
      { value: 'no', label: 'No, with a reason' },
    ]);
    if (verdict === 'yes') return { id, confirmation: true };
    const note = await questions.text('Why? (passed to the model)', { check: () => undefined });
    return { id, confirmation: false, ...(note && { confirmation_note: note }) };
  }
}
