import { visibleText } from '@countersign/contracts/text';
import { widthOf } from './text-width.js';

/** Text that is shown while it is written, a word at a time, broken between words and indented. */
export class FlowingText {
  readonly #write: (text: string) => void;
  readonly #width: number;
  readonly #indent: string;
  #word = '';
  #column = 0;
  /** Between the last word and the next, if that is on the same line. */
  #spaces = 0;
  #isBegun = false;

  /** @param width of the terminal. */
  constructor(write: (text: string) => void, width: number, indent: string) {
    this.#write = write;
    this.#width = width - indent.length;
    this.#indent = indent;
  }

  add(text: string): void {
    for (const piece of text.split(/([ \n])/)) {
      if (piece !== ' ' && piece !== '\n') {
        this.#word += piece;
        continue;
      }
      this.#endWord();
      if (!this.#isBegun) continue;
      if (piece === '\n') this.#break();
      else this.#spaces += 1;
    }
  }

  /** The last word, and the end of its line. */
  end(): void {
    this.#endWord();
    if (this.#isBegun) this.#write('\n');
  }

  #endWord(): void {
    if (this.#word === '') return;
    // A word is whole here, and so are its characters.
    const word = visibleText(this.#word);
    const width = widthOf(word);
    this.#word = '';
    if (!this.#isBegun) this.#write(this.#indent);
    this.#isBegun = true;
    if (this.#column > 0 && this.#column + this.#spaces + width > this.#width) this.#break();
    this.#write(' '.repeat(this.#spaces) + word);
    this.#column += this.#spaces + width;
    this.#spaces = 0;
  }

  #break(): void {
    this.#write(`\n${this.#indent}`);
    this.#column = 0;
    this.#spaces = 0;
  }
}
