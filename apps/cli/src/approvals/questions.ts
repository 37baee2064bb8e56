import { openQuestion } from '@countersign/contracts/questions';
import { visibleLine } from '@countersign/contracts/text';
import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { exitCodes, Failure } from '../connection/exit-codes.js';
import { approvalId } from '../connection/ids.js';

export const askCommand = (on: On): Command =>
  new Command('ask')
    .description('Sends one call back with a question. Until it is answered, nobody else approves the call.')
    .argument('<approval>', 'its id, or the beginning of it')
    .argument('<question>', 'for those who requested the call')
    .action(
      on(async ({ screen, client }, named: string, text: string) => {
        const approval = await client.approvals.ask(await approvalId(client, named), text);
        const whom = approval.user_id ?? approval.requested_by ?? 'who requested it';
        screen.show(approval, () => [visibleLine(`${screen.paint('green', '✔')} ${whom} is asked`)]);
      }),
    );

export const answerCommand = (on: On): Command =>
  new Command('answer')
    .description('Answers the question on one call. Who decides sees the answer as your words.')
    .argument('<approval>', 'its id, or the beginning of it')
    .argument('<answer>', 'to the question that is open')
    .action(
      on(async ({ screen, client }, named: string, text: string) => {
        const id = await approvalId(client, named);
        const question = openQuestion(await client.approvals.get(id));
        if (!question) throw new Failure(exitCodes.conflict, `No question is open on ${id}. See: approvals show ${id}`);
        const approval = await client.approvals.answer(id, question.id, text);
        screen.show(approval, () => [`${screen.paint('green', '✔')} answered; it waits for a decision again`]);
      }),
    );
