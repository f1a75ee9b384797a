import { resolve } from 'node:path';
import { isWitness } from '../../src/config/cluster-nodes.ts';
import type { Config } from '../../src/config/config.ts';
import { identifyDirectory } from '../../src/log/data-directory.ts';
import { describeOpenError } from '../../src/log/storage.ts';
import { DiskError } from '../../src/ports/disk.ts';
import { zeroUuid } from '../../src/wire/kafka/protocol-reader.ts';
import { NodeDisk } from '../disk-node.ts';
import type { Finding } from './finding.ts';

/**
 * Whether a start with this config would take the data directory for its own. Nothing where it
 * cannot be read at all: that is told by the probe of the disk.
 */
export async function identityFinding(config: Config): Promise<readonly Finding[]> {
  const what = 'identity';
  const disk = new NodeDisk(resolve(config.node.dataDir));
  try {
    const kind = { isWitness: isWitness(config) };
    const found = await identifyDirectory(disk, config.node.id, kind);
    if (!found.ok) return [{ what, verdict: 'fail', text: describeOpenError(found.error) }];
    const meta = found.value;
    if (meta === undefined) return [{ what, verdict: 'ok', text: 'none yet: a first start' }];
    const cluster = meta.clusterId === zeroUuid ? 'no cluster yet' : `cluster ${meta.clusterId}`;
    return [{ what, verdict: 'ok', text: `node ${meta.nodeId}, ${cluster}` }];
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.code === 'ENOENT' || error.code === 'EACCES') return [];
    return [{ what, verdict: 'fail', text: error.message }];
  }
}
