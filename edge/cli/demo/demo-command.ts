import type { Command } from 'commander';
import { parseDemoFlags } from './demo-options.ts';
import type { DemoFlags } from './demo-options.ts';

/** Adds `shorelog demo`. Everything heavy is loaded when it runs. */
export const registerDemo = (program: Command): void => {
  program
    .command('demo')
    .description('run the whole product with simulated sensors and a central Kafka, then count')
    .option('--nodes <n>', 'gateways: 1, or 3 or 5 of which one is killed in the middle', '1')
    .option('--seconds <s>', 'how long the sensors publish', '20')
    .option('--rate <r>', 'readings per second over all sensors', '2000')
    .option('--central <where>', 'kafka, embedded (a second node) or HOST:PORT')
    .addHelpText(
      'after',
      '\nWithout --central it starts an Apache Kafka, or plays central with a second node\n' +
        'where Java 17, Maven or the jars cannot be had. The last line is one JSON object;\n' +
        'the exit code is 0 only if each reading was acknowledged and is at central once.\n' +
        'Sensors of a killed node go to another one and send again what had no PUBACK; a copy\n' +
        'for such a sending (resent) is what QoS 1 allows, any other one is a duplicate.',
    )
    .action(async (flags: DemoFlags) => {
      const options = parseDemoFlags(flags);
      if (!options.ok) {
        process.stderr.write(`${options.error}\n`);
        process.exitCode = 2;
        return;
      }
      const { runDemo } = await import('./run-demo.ts');
      process.exitCode = await runDemo(options.value);
    });
};
