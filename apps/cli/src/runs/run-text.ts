import type { ToolExecution } from '@countersign/contracts/calls';
import type { RunOutput } from '@countersign/contracts/runs';
import { markedLine, visibleText, visibleLine } from '@countersign/contracts/text';
import type { Screen } from '../terminal/screen.js';
import { statusStyle } from '../commands/status.js';
import { fields } from '../terminal/table.js';
import { oneLine, when } from '../terminal/words.js';

/** A run for people. */
export function runText(screen: Screen, run: RunOutput): string[] {
  const {
    run_id,
    status,
    agent_id,
    user_id,
    requested_by,
    session_id,
    run_input,
    content,
    error,
    tools,
    usage,
    steps,
  } = run;
  return [
    `${screen.paint('bold', visibleLine(agent_id))}  ${screen.paint(statusStyle(run), status)}`,
    '',
    ...fields(screen, {
      Run: run_id,
      Session: session_id === run_id ? null : session_id,
      For: user_id,
      'Sent by': requested_by === user_id ? null : requested_by,
      'Asked to': run_input,
      Started: when(run.created_at),
      Ended: run.finished_at === null ? null : when(run.finished_at),
      Model: `${steps} steps, ${usage.input_tokens} tokens in, ${usage.output_tokens} out`,
      Waits: run.waiting_since === null ? null : `since ${when(run.waiting_since)} (${run.error_code ?? 'no code'})`,
      Why: error,
    }),
    ...(tools.length > 0 ? ['', screen.paint('dim', 'Calls')] : []),
    ...tools.flatMap((call) => callText(screen, call)),
    ...(content === null ? [] : ['', visibleText(content)]),
  ];
}

const callText = (screen: Screen, call: ToolExecution) => {
  const { tool_name, tool_args, result, approval_id } = call;
  const mark = markOf(screen, call);
  const waits = result === null && approval_id !== null ? `  approval ${approval_id}` : '';
  return [
    `  ${mark} ${markedLine(`${tool_name} ${oneLine(tool_args)}${waits}`)}`,
    ...(result === null
      ? []
      : visibleText(result.trimEnd())
          .split('\n')
          .map((line) => `      ${line}`)),
  ];
};

const markOf = (screen: Screen, { result, tool_call_error, confirmed }: ToolExecution): string => {
  if (result === null) return screen.paint('yellow', '…');
  return tool_call_error || confirmed === false ? screen.paint('red', '✘') : screen.paint('green', '✔');
};
