import { readFileSync } from 'node:fs';
import { limits } from '../src/base/limits.ts';

export interface ConnectionPlaces {
  readonly mqtt: number;
  readonly kafka: number;
}

/** Places for connections, so that the node always has file handles left for its disk. */
export const connectionPlaces = (openFilesMax = readOpenFilesMax()): ConnectionPlaces => {
  const { mqttConnectionsMax, kafkaConnectionsMax, ownOpenFilesMax } = limits;
  const left = Math.max(openFilesMax - Math.min(ownOpenFilesMax, openFilesMax / 2), 2);
  const kafka = Math.min(kafkaConnectionsMax, Math.ceil(left / 8));
  return { kafka, mqtt: Math.min(mqttConnectionsMax, Math.floor(left - kafka)) };
};

/** RLIMIT_NOFILE of this process. Node has raised it to what it may be. */
function readOpenFilesMax(): number {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(
      readFileSync('/proc/self/limits', 'utf8'),
    );
    const text = line?.[1] ?? 'unlimited';
    return text === 'unlimited' ? Infinity : Number(text);
  } catch {
    return Infinity; // no /proc: not Linux
  }
}
