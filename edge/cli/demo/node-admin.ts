import { get } from 'node:http';
import type { NodeStatus } from '../../../src/core/node-status.ts';

const answerMsMax = 5_000;

/** Asks a node's admin port. Rejects when it does not answer with 200. */
export const fetchStatus = async (adminPort: number): Promise<NodeStatus> => {
  const { code, text } = await httpGet(adminPort, '/api/v1/status');
  if (code !== 200) throw new Error(`the status answered ${code}`);
  return JSON.parse(text) as NodeStatus;
};

/** Whether `/readyz` answers 200. Never rejects. */
export const isNodeReady = async (adminPort: number): Promise<boolean> => {
  try {
    return (await httpGet(adminPort, '/readyz')).code === 200;
  } catch {
    return false;
  }
};

/** One GET on loopback. Rejects when nobody answers within 5 s. */
export const httpGet = (
  port: number,
  path: string,
): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ code: response.statusCode ?? 0, text }));
    });
    request.setTimeout(answerMsMax, () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
