import type { LoadOrder } from './mqtt-load.ts';
import { runLoad } from './mqtt-load.ts';

/** The load process: its order as JSON in the first argument, what came of it as JSON on stdout. */
try {
  const result = await runLoad(JSON.parse(process.argv[2] ?? '{}') as LoadOrder);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
