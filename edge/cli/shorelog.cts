#!/usr/bin/env node
// The command's entry. Loading the first ES module makes Node's thread pool, so its size has to be
// said before, and only CommonJS comes before. fsyncs that run side by side share one commit of the
// file system's journal: with Node's four threads those of 64 partitions took sixteen, one after
// the other.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

import('./main.ts').catch((error: unknown) => {
  // What `main` expects it catches itself.
  setImmediate(() => {
    throw error;
  });
});
