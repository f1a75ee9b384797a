import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { generateCodec } from '../../src/wire/kafka/schema/generate-codec.ts';
import type { GeneratedFile } from '../../src/wire/kafka/schema/generate-codec.ts';
import { allSchemas } from '../../src/wire/kafka/schema/all-schemas.ts';
import { peerSchemas } from '../../src/wire/kafka/schema/peer-schemas.ts';

const generatedDir = fileURLToPath(new URL('../../src/wire/kafka/generated/', import.meta.url));

/**
 * The Kafka codecs as they should lie in `src/wire/kafka/generated`, formatted as the rest of the
 * code.
 */
export async function generateKafka(): Promise<readonly GeneratedFile[]> {
  return Promise.all(
    [...allSchemas, ...peerSchemas].map(generateCodec).map(async ({ name, text }) => ({
      name,
      text: await format(text, { parser: 'typescript', printWidth: 100, singleQuote: true }),
    })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(generatedDir, { recursive: true });
  for (const { name, text } of await generateKafka()) {
    await writeFile(join(generatedDir, name), text);
  }
}
