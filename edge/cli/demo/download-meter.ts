export interface DownloadProgress {
  readonly jars: number;
  readonly megabytes: number;
}

/** Counts the jars that Maven says it downloaded. */
export class DownloadMeter {
  readonly #onProgress: (progress: DownloadProgress) => void;
  #rest = '';
  #jars = 0;
  #bytes = 0;

  constructor(onProgress: (progress: DownloadProgress) => void) {
    this.#onProgress = onProgress;
  }

  /** Takes a piece of Maven's output; lines may be cut anywhere. */
  read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#readLine(line);
  }

  #readLine(line: string): void {
    const match = /Downloaded from .*\.jar \(([\d.]+) ([kMG]?)B/.exec(line);
    if (match === null) return;
    const unit = { '': 1, k: 1e3, M: 1e6, G: 1e9 }[match[2] ?? ''] ?? 1;
    this.#jars += 1;
    this.#bytes += Number(match[1]) * unit;
    this.#onProgress({ jars: this.#jars, megabytes: this.#bytes / 1e6 });
  }
}
