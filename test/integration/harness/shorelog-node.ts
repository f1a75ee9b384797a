import { launchNode } from '../../../edge/cli/demo/node-launcher.ts';
import type { NodeConfig, NodeOptions, NodeProcess } from '../../../edge/cli/demo/node-launcher.ts';
import { makeTempFolder, removeTempFolder } from './temp-folder.ts';

/**
 * A node in a temporary folder of its own, ready. `remove` ends it, however it stands, and deletes
 * the folder.
 */
export const startTestNode = async (
  name: string,
  config: NodeConfig = {},
  options: Pick<NodeOptions, 'env' | 'runUnder'> = {},
): Promise<{
  readonly node: NodeProcess;
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> => {
  const folder = makeTempFolder(name);
  try {
    const node = await launchNode({ folder, config, ...options });
    const remove = async (): Promise<void> => {
      await node.kill();
      removeTempFolder(folder);
    };
    return { node, folder, remove };
  } catch (error) {
    removeTempFolder(folder);
    throw error;
  }
};
