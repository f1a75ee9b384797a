import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';

/** What the demo prints to, of a terminal or a file. */
export type ScreenStream = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };

const plainEveryMs = 3_000;

/**
 * Progress on stderr: one block that renews itself on a terminal, a plain line every few seconds
 * elsewhere.
 */
export class DemoScreen {
  readonly #stream: ScreenStream;
  readonly #nowMs: () => number;
  #blockLines = 0;
  #lastPlainMs = -Infinity;

  constructor(stream: ScreenStream, nowMs: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  get isLive(): boolean {
    return this.#stream.isTTY === true;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#erase();
    this.#stream.write(`${text}\n`);
  }

  /** The block's new content; elsewhere one line of it now and then. */
  update(lines: readonly string[]): void {
    if (this.isLive) {
      this.#erase();
      this.#stream.write(lines.map((line) => `${line}\n`).join(''));
      this.#blockLines = lines.length;
    } else if (this.#nowMs() - this.#lastPlainMs >= plainEveryMs) {
      this.#lastPlainMs = this.#nowMs();
      this.#stream.write(`${lines.map((line) => line.trim()).join('  ')}\n`);
    }
  }

  /** Leaves the block as it is; what comes next goes below. */
  keep(): void {
    this.#blockLines = 0;
    this.#lastPlainMs = -Infinity;
  }

  #erase(): void {
    if (this.#blockLines === 0) return;
    const stream = this.#stream as unknown as NodeJS.WritableStream;
    moveCursor(stream, 0, -this.#blockLines);
    cursorTo(stream, 0);
    clearScreenDown(stream);
    this.#blockLines = 0;
  }
}
