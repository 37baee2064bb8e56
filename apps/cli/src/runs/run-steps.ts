import type { ToolExecution } from '@countersign/contracts/calls';
import type { RunEvent } from '@countersign/contracts/runs';
import { marked, visibleText, visibleLine } from '@countersign/contracts/text';
import { FlowingText } from '../terminal/flowing-text.js';
import type { Screen } from '../terminal/screen.js';
import { wrapped } from '../terminal/text-width.js';
import { oneLine } from '../terminal/words.js';

/** The steps of a run as lines, the agent's words as they come. */
export class RunSteps {
  readonly #screen: Screen;
  /** What the agent is saying. */
  #saying: FlowingText | undefined;
  #lastText = '';
  readonly #waiting = new Set<string>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Whether the agent is in the middle of a line. */
  get isInLine(): boolean {
    return this.#saying !== undefined;
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
      // Of the moment, for whoever waits; the outcome of the call is reported when it has ended.
      case 'ToolCallProgress':
      case 'RunContinued':
        return undefined;
      case 'RunCompleted':
        return this.#answer(event.content ?? '');
      case 'RunCancelled':
        return this.#step('■', 'yellow', `cancelled${event.reason ? `: ${event.reason}` : ''}`);
      case 'RunError':
        return this.#step('■', 'red', `ended in an error: ${event.content ?? 'no reason reported'}`);
      default:
        return event satisfies never;
    }
  }

  #step(mark: string, style: 'cyan' | 'blue' | 'green' | 'red' | 'yellow', text: string): void {
    this.endLine();
    this.#screen.note(`${this.#screen.tint(style, mark)} ${visibleLine(text)}`);
  }

  /** Text is shown as it is written on a terminal, and as a whole in a file. */
  #write(text: string): void {
    if (!this.#screen.isWatched) return;
    this.#saying ??= new FlowingText((more) => this.#screen.write(more), this.#screen.noteWidth, '  ');
    this.#saying.add(text);
  }

  #endText(whole: string): void {
    if (!this.#saying && whole !== '') this.#screen.note(...this.#indented(whole, '  '));
    this.endLine();
    this.#lastText = whole;
  }

  /** Ends the line that the agent is in the middle of. */
  endLine(): void {
    this.#saying?.end();
    this.#saying = undefined;
  }

  #wait(call: ToolExecution): void {
    if (call.result !== null || this.#waiting.has(call.tool_call_id)) return;
    this.#waiting.add(call.tool_call_id);
    this.#step('⏸', 'yellow', callOf(call));
    const waitsFor = call.approval_id === null ? 'the caller of the run' : `approval ${call.approval_id}`;
    this.#screen.note(this.#screen.tint('dim', `    waits for ${visibleLine(waitsFor)}`));
  }

  #result(
    mark: string,
    style: 'green' | 'red' | 'yellow',
    call: ToolExecution | null | undefined,
    text: string | null | undefined,
  ) {
    this.#step(mark, style, call?.tool_name ?? 'a call');
    if (text)
      this.#screen.note(...this.#indented(text.trimEnd(), '    ').map((line) => this.#screen.tint('dim', line)));
  }

  #indented(text: string, by: string): string[] {
    return visibleText(text)
      .split('\n')
      .flatMap((line) => wrapped(line, this.#screen.noteWidth - by.length))
      .map((line) => by + line);
  }

  /** The answer is the result. Where the steps are read on the same terminal it has been read already. */
  #answer(content: string): void {
    this.endLine();
    const isRead = this.#screen.isWatched && this.#screen.width !== undefined && content === this.#lastText;
    if (!isRead) this.#screen.print(visibleText(content));
    if (this.#screen.isWatched) this.#screen.note(`${this.#screen.tint('green', '■')} completed`);
  }
}

const callOf = ({ tool_name, tool_args }: ToolExecution): string => marked(`${tool_name} ${oneLine(tool_args)}`);
