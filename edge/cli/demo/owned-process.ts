import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface OwnedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** stdout and stderr are appended to this file. */
  readonly outputFile: string;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that ends with us, however we end: also after our own SIGKILL. */
export interface OwnedProcess {
  readonly pid: number;
  /** Settles once when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  isRunning(): boolean;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<ProcessExit>;
  /** SIGTERM, SIGKILL after `graceMs`, and waits for the end. */
  stop(graceMs: number): Promise<ProcessExit>;
  /** What it printed so far. */
  output(): string;
}

/**
 * Starts a process in a process group of its own, so that Ctrl-C reaches us alone and we decide the
 * order.
 */
export const spawnOwned = (options: OwnedProcessOptions): OwnedProcess => {
  const outputFd = openSync(options.outputFile, 'a');
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env === undefined ? process.env : { ...process.env, ...options.env },
    stdio: ['ignore', outputFd, outputFd],
    detached: true,
  });
  closeSync(outputFd);
  const endWatcher = child.pid === undefined ? (): void => {} : watchOverUs(child.pid);
  const exited = exitOf(child).finally(endWatcher);
  return ownedProcess(child, exited, options.outputFile);
};

const ownedProcess = (
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  outputFile: string,
): OwnedProcess => {
  const isRunning = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals): void => {
    if (isRunning()) child.kill(name);
  };
  return {
    pid: child.pid ?? -1,
    exited,
    isRunning,
    signal,
    kill: (): Promise<ProcessExit> => {
      signal('SIGKILL');
      return exited;
    },
    stop: async (graceMs): Promise<ProcessExit> => {
      signal('SIGTERM');
      const timer = setTimeout(() => signal('SIGKILL'), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
    output: (): string => readFileSync(outputFile, 'utf8'),
  };
};

const exitOf = (child: ChildProcess): Promise<ProcessExit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });

/**
 * A shell that reads a pipe which only we hold open: when we are gone, whatever the reason, it
 * reads the end and kills `pid`. Exit handlers alone would miss our own SIGKILL. Returns what calls
 * it off.
 */
const watchOverUs = (pid: number): (() => void) => {
  const watcher = spawn('/bin/sh', ['-c', 'cat >/dev/null; kill -9 "$0" 2>/dev/null', `${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.once('error', () => {});
  watcher.stdin.once('error', () => {});
  watcher.unref();
  // The pipe must not keep our event loop alive, only its own end may tell the watcher.
  (watcher.stdin as unknown as { unref(): void }).unref();
  return () => {
    if (watcher.pid !== undefined && watcher.exitCode === null) killGroup(watcher.pid);
  };
};

/** The shell and its `cat` share the group that `detached` made. */
const killGroup = (groupId: number): void => {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch {
    // Already gone.
  }
};
