import { secondsOf } from '@countersign/contracts/time';
import type { Output } from '../connection/environment.js';
import { clip } from './text-width.js';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const every = 100;

/** One line that moves while a person waits, and is gone afterwards. */
export class Spinner {
  readonly #stream: Output | undefined;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #frame = 0;

  /** @param stream undefined where there is no terminal. */
  constructor(stream: Output | undefined) {
    this.#stream = stream;
  }

  /** @param text in one line, without characters that a terminal obeys; a function where it changes. */
  start(text: string | (() => string)): void {
    this.stop();
    if (!this.#stream) return;
    this.#since = Date.now();
    this.#timer = setInterval(() => this.#draw(text), every);
    this.#timer.unref();
    this.#draw(text);
  }

  stop(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stream!.write('\r\u001b[K');
  }

  #draw(text: string | (() => string)): void {
    const frame = frames[this.#frame++ % frames.length]!;
    const said = typeof text === 'string' ? text : text();
    const line = `${frame} ${said} ${Math.floor(secondsOf(Date.now() - this.#since))} s`;
    this.#stream!.write(`\r${clip(line, (this.#stream!.columns ?? 80) - 1)}\u001b[K`);
  }
}
