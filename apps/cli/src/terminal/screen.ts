import { styleText } from 'node:util';
import type { Output, CliEnvironment } from '../connection/environment.js';
import { Spinner } from './spinner.js';

type Style = Parameters<typeof styleText>[0];

export interface ScreenOptions {
  /** For scripts: JSON instead of text. */
  json?: boolean;
  /** False for `--no-color`. */
  color?: boolean;
}

/** Where a program says something, and how: colours and columns on a terminal, plain text in a pipe. */
export class Screen {
  readonly json: boolean;
  readonly #environment: CliEnvironment;
  readonly #colored: (stream: Output) => boolean;

  constructor(environment: CliEnvironment, { json = false, color = true }: ScreenOptions = {}) {
    this.#environment = environment;
    this.json = json;
    this.#colored = (stream) => color && wantsColor(environment.env, stream);
  }

  /** Columns of the terminal that results are printed on; undefined in a pipe, where nothing is shortened. */
  get width(): number | undefined {
    const { isTTY, columns } = this.#environment.stdout;
    return isTTY ? (columns ?? 80) : undefined;
  }

  /** The same of the terminal that notes are shown on, without a limit elsewhere. */
  get noteWidth(): number {
    return this.isWatched ? (this.#environment.stderr.columns ?? 80) : Infinity;
  }

  /** Whether progress can be shown. */
  get isWatched(): boolean {
    return this.#environment.stderr.isTTY === true;
  }

  /** Whether questions can be answered. */
  get canAsk(): boolean {
    return !this.json && this.isWatched && this.#environment.stdin.isTTY === true;
  }

  /** Prints lines of the result. */
  print(...lines: string[]): void {
    for (const line of lines) this.#environment.stdout.write(`${line}\n`);
  }

  /** Says something that is not the result. */
  note(...lines: string[]): void {
    for (const line of lines) this.write(`${line}\n`);
  }

  /** Says a part of a line that is not the result. */
  write(text: string): void {
    this.#environment.stderr.write(text);
  }

  /** Prints one JSON document, or in its place what people read. */
  show<T>(value: T, forPeople: (value: T) => string[]): void {
    this.print(...(this.json ? [jsonText(value, 2)] : forPeople(value)));
  }

  /** Prints one item of a stream: a line of JSON, or in its place what people read. */
  showNext<T>(value: T, forPeople: (value: T) => string[]): void {
    this.print(...(this.json ? [jsonText(value)] : forPeople(value)));
  }

  /** Text in a style, where results are printed in colours. */
  paint(style: Style, text: string): string {
    return this.#colored(this.#environment.stdout) ? styled(style, text) : text;
  }

  /** Text in a style, for a note. */
  tint(style: Style, text: string): string {
    return this.#colored(this.#environment.stderr) ? styled(style, text) : text;
  }

  /** Something that moves while a person waits; nothing where there is no terminal. */
  spinner(): Spinner {
    return new Spinner(this.isWatched && !this.json ? this.#environment.stderr : undefined);
  }
}

const styled = (style: Style, text: string): string => styleText(style, text, { validateStream: false });

/** https://no-color.org */
function wantsColor({ NO_COLOR, FORCE_COLOR, TERM }: CliEnvironment['env'], { isTTY = false }: Output): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR && FORCE_COLOR !== '0') return true;
  return isTTY && TERM !== 'dumb';
}

/** What a terminal would obey, or show as if it were something else, without a change of the value. */
const disguised = /[^\n\P{C}]|[\p{Zl}\p{Zp}]/gu;
const escaped = (characters: string): string =>
  characters
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** JSON in which every hidden character is written as an escape. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(disguised, escaped);
