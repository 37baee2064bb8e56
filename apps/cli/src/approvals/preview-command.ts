import { Command } from 'commander';
import type { On } from '../connection/context.js';
import { approvalId } from '../connection/ids.js';
import { jsonObject, several } from '../connection/options.js';
import { askForPreview, previewText, runsWith } from './preview.js';
import { fieldValues } from './values/field-values.js';

export const previewCommand = (on: On): Command =>
  new Command('preview')
    .description('Asks once more what one call would do. Until the executor answers, nobody approves the call.')
    .argument('<approval>', 'its id, or the beginning of it')
    .option('--args <json>', 'of other arguments for the same tool, all of them: JSON or @file')
    .option('--value <name=value>', 'as if that were filled in; once for each field', several)
    .action(
      on(async (context, named: string, { args, value }: { args?: string; value?: string[] }) => {
        const { screen, client } = context;
        const approval = await client.approvals.get(await approvalId(client, named));
        const wanted = {
          ...(args !== undefined && { tool_args: jsonObject(args, '--args') }),
          ...(value !== undefined && { values: fieldValues(value, approval) }),
        };
        const shown = await askForPreview(context, approval, wanted);
        screen.show(shown, () => [
          ...previewText(screen, shown, runsWith(shown, wanted)),
          `Approve just this: approvals approve ${shown.id} --digest ${shown.digest}`,
        ]);
      }),
    );
