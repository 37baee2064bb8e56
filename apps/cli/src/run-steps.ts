import { visible, visibleLine, type ToolExecution } from '@countersign/contracts';
import type { RunEvent } from './run-events.js';
import type { Screen } from './screen.js';
import { oneLine } from './words.js';

/** The steps of a run as lines, the agent's words as they come. */
export class RunSteps {
  readonly #screen: Screen;
  /** What of the present text has been shown. */
  #text = '';
  #lastText = '';
  readonly #waiting = new Set<string>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Whether the agent is in the middle of a line. */
  get isInLine(): boolean {
    return this.#text !== '';
  }

  show(event: RunEvent): void {
    switch (event.event) {
      case 'RunStarted':
        return this.#step('▶', 'cyan', `${event.agent_id}  ${event.run_id}`);
      case 'RunContent':
        return this.#write(event.content ?? '');
      case 'RunContentCompleted':
        return this.#endText(event.content ?? '');
      case 'ToolCallStarted':
        return event.tool ? this.#step('→', 'blue', callOf(event.tool)) : undefined;
      case 'ToolCallCompleted':
        return event.tool?.confirmed === false
          ? this.#result('✘', 'yellow', event.tool, event.content)
          : this.#result('✔', 'green', event.tool, event.content);
      case 'ToolCallError':
        return this.#result('✘', 'red', event.tool, event.error);
      case 'RunPaused':
        return event.requirements.forEach(({ tool_execution }) => this.#wait(tool_execution));
      case 'RunContinued':
        return undefined;
      case 'RunCompleted':
        return this.#answer(event.content ?? '');
      case 'RunCancelled':
        return this.#step('■', 'yellow', `cancelled${event.reason ? `: ${event.reason}` : ''}`);
      case 'RunError':
        return this.#step('■', 'red', `ended in an error: ${event.content ?? 'nobody knows why'}`);
      default:
        return event satisfies never;
    }
  }

  #step(mark: string, style: 'cyan' | 'blue' | 'green' | 'red' | 'yellow', text: string): void {
    this.#endLine();
    this.#screen.note(`${this.#screen.tint(style, mark)} ${visibleLine(text)}`);
  }

  /** Text is shown as it is written on a terminal, and as a whole in a file. */
  #write(text: string): void {
    if (!this.#screen.isWatched || (this.#text === '' && text.trim() === '')) return;
    const begin = this.#text === '' ? '  ' : '';
    this.#screen.write(begin + visible(text).replaceAll('\n', '\n  '));
    this.#text += text;
  }

  #endText(whole: string): void {
    if (this.#text === '' && whole !== '') this.#screen.note(...indented(whole));
    this.#endLine();
    this.#lastText = whole;
  }

  #endLine(): void {
    if (this.#text !== '') this.#screen.write('\n');
    this.#text = '';
  }

  #wait(call: ToolExecution): void {
    if (call.result !== null || this.#waiting.has(call.tool_call_id)) return;
    this.#waiting.add(call.tool_call_id);
    this.#step('⏸', 'yellow', callOf(call));
    const waitsFor = call.approval_id === null ? 'whoever started the run' : `approval ${call.approval_id}`;
    this.#screen.note(this.#screen.tint('dim', `    waits for ${waitsFor}`));
  }

  #result(
    mark: string,
    style: 'green' | 'red' | 'yellow',
    call: ToolExecution | null | undefined,
    text: string | null | undefined,
  ) {
    this.#step(mark, style, call?.tool_name ?? 'a call');
    if (text) this.#screen.note(...indented(text.trimEnd(), '    ').map((line) => this.#screen.tint('dim', line)));
  }

  /** The answer is the result. Where the steps are read on the same terminal it has been read already. */
  #answer(content: string): void {
    this.#endLine();
    const isRead = this.#screen.isWatched && this.#screen.width !== undefined && content === this.#lastText;
    if (!isRead) this.#screen.print(visible(content));
    if (this.#screen.isWatched) this.#screen.note(`${this.#screen.tint('green', '■')} completed`);
  }
}

const callOf = ({ tool_name, tool_args }: ToolExecution): string => `${tool_name} ${oneLine(tool_args)}`;

const indented = (text: string, by = '  '): string[] =>
  visible(text)
    .split('\n')
    .map((line) => by + line);
