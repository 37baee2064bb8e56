import type { Readable } from 'node:stream';
import type { Mask, MaskedStream } from '@countersign/definitions/masking';
import type { CallProgress } from '@countersign/tool';
import { Tail } from '../../results/tail.js';

/** Characters without a line break that count as a line all the same. */
const longestLine = 16_384;
/** Characters that are read within a moment; a program that prints faster has to wait, so that memory does not run out. */
const fast = 1_000_000;
const momentMs = 250;

/** `::progress 40 Copying files`, on a line of its own. */
const progressLine = /^::progress (\d{1,3}(?:\.\d+)?)%?(?: (.*))?\r?\n?$/;

export interface OutputOptions {
  /** Characters that are kept of the end. */
  maxOutput: number;
  mask: Mask;
  progress(update: CallProgress): void;
}

/** What a program prints on both of its streams: whole lines, in the order in which they were finished. */
export class ProgramOutput {
  readonly #streams = new Map<Readable, string>();
  readonly #tail: Tail;
  /** Of both streams together: half of a secret may come on each. */
  readonly #masked: MaskedStream;
  #thisMoment = 0;
  #moment: NodeJS.Timeout | undefined;

  constructor(private readonly options: OutputOptions) {
    this.#tail = new Tail(options.maxOutput);
    this.#masked = options.mask.stream?.() ?? { add: options.mask, end: () => '' };
  }

  /** The end of what was printed, and how much went before. */
  get text(): string {
    return this.#tail.text;
  }

  get truncated(): boolean {
    return this.#tail.truncated;
  }

  read(stream: Readable): void {
    this.#streams.set(stream, '');
    stream.setEncoding('utf8').on('data', (text: string) => this.#add(stream, text));
    // Broken off: what had come is there, and the exit of the program is reported elsewhere.
    stream.on('error', () => {});
  }

  /** Whatever was not finished by a line break is finished now. */
  end(): void {
    clearTimeout(this.#moment);
    for (const unfinished of this.#streams.values()) this.#print([unfinished]);
    this.#streams.clear();
    this.#report(this.#masked.end());
  }

  #add(stream: Readable, text: string): void {
    const [unfinished = '', ...lines] = `${this.#streams.get(stream)}${text}`.split(/(?<=\n)/).toReversed();
    const isFinished = unfinished.endsWith('\n') || unfinished.length > longestLine;
    this.#streams.set(stream, isFinished ? '' : unfinished);
    this.#print(isFinished ? [...lines.toReversed(), unfinished] : lines.toReversed());
    this.#slowDown(text.length);
  }

  #print(lines: readonly string[]): void {
    const { mask, progress } = this.options;
    const printed: string[] = [];
    for (const line of lines) {
      const [, percent, message] = progressLine.exec(line) ?? [];
      if (percent === undefined) printed.push(line);
      else progress({ percent: Math.min(100, Number(percent)), ...(message && { message: mask(message) }) });
    }
    this.#report(this.#masked.add(printed.join('')));
  }

  #report(output: string): void {
    if (output === '') return;
    this.#tail.add(output);
    this.options.progress({ output });
  }

  #slowDown(characters: number): void {
    this.#thisMoment += characters;
    this.#moment ??= setTimeout(() => {
      this.#thisMoment = 0;
      this.#moment = undefined;
      for (const stream of this.#streams.keys()) stream.resume();
    }, momentMs);
    if (this.#thisMoment > fast) for (const stream of this.#streams.keys()) stream.pause();
  }
}
