/**
 * The simple commands of a shell text, each as its words: what pipes, lists and lines separate, and what stands in
 * `$(…)` and `<(…)`. Assignments before a command and redirections are left out; variables stay as they are written.
 *
 * It knows what the docs need; `bash -n` says besides whether the text is one that a shell takes.
 */
export function commandsIn(text: string): string[][] {
  return new Shell(text).list();
}

class Shell {
  readonly #text: string;
  readonly #commands: string[][] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text.replaceAll('\\\n', ' ');
  }

  /** Up to the end, or to the bracket that ends a substitution. */
  list(): string[][] {
    let words: string[] = [];
    const end = (): void => {
      const command = words.slice(words.findIndex((word) => !/^\w+=/.test(word)) >>> 0);
      if (command.length > 0) this.#commands.push(command);
      words = [];
    };
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === ')') break;
      if (char === ' ' || char === '\t') this.#at++;
      else if (/[\n;&|]/.test(char)) {
        this.#at++;
        end();
      } else if (char === '#') this.#at = (this.#text.indexOf('\n', this.#at) + 1 || this.#text.length + 1) - 1;
      else if (/[<>]/.test(char) && this.#text[this.#at + 1] !== '(') {
        while (/[<>& ]/.test(this.#text[this.#at] ?? '')) this.#at++;
        this.#word();
      } else words.push(this.#word());
    }
    end();
    return this.#commands;
  }

  #word(): string {
    let word = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || /[\s;&|)]/.test(char)) return word;
      if (char === '<' && this.#text[this.#at + 1] !== '(') return word;
      if (char === "'") word += this.#until("'");
      else if (char === '"') word += this.#quoted();
      else word += this.#piece();
    }
  }

  #until(quote: string): string {
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) throw new Error(`a ${quote} has no end`);
    const inside = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  #quoted(): string {
    let inside = '';
    for (this.#at++; this.#text[this.#at] !== '"';) {
      if (this.#text[this.#at] === undefined) throw new Error('a " has no end');
      inside += this.#piece();
    }
    this.#at++;
    return inside;
  }

  /** One character, or a substitution, whose commands are kept. */
  #piece(): string {
    if (/^[$<]\(/.test(this.#text.slice(this.#at, this.#at + 2))) {
      this.#at += 2;
      const inner = new Shell(this.#text);
      inner.#at = this.#at;
      this.#commands.push(...inner.list());
      this.#at = inner.#at + 1;
      return '$SUBSTITUTED';
    }
    if (this.#text[this.#at] === '\\') this.#at++;
    return this.#text[this.#at++] ?? '';
  }
}
