import { createServer } from 'node:net';
import { Aedes } from 'aedes';

/**
 * Baseline: aedes as it comes, which answers from memory and stores nothing. Run as a program with
 * a port.
 */
const broker = await Aedes.createBroker();
createServer(broker.handle).listen(Number(process.argv[2]), '127.0.0.1');
