// Preloaded into a node under test: writes a line `<inode> <bytes>` after each fdatasync, that is,
// how much of which file a power cut would have left, and makes it as slow as that of an SD card, so
// that a crash often falls into one. Wraps Node's own file handle, so that the program under test is
// the one that is shipped.
import { fstatSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const trace = openSync(process.env.SHORELOG_TEST_SYNC_TRACE, 'a');
const sample = await open(fileURLToPath(import.meta.url));
const handle = Object.getPrototypeOf(sample);
await sample.close();
const { datasync } = handle;
const syncMs = Number(process.env.SHORELOG_TEST_SYNC_MS ?? 4);

handle.datasync = async function tracedDatasync() {
  // Taken before the call: bytes written while it runs may have missed it.
  const { ino, size } = fstatSync(this.fd);
  await delay(syncMs);
  await datasync.call(this);
  writeSync(trace, `${ino} ${size}\n`);
};
