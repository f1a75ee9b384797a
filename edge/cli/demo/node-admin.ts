import { get } from 'node:http';
import type { NodeStatus } from '../../../src/core/node-status.ts';

const answerMsMax = 5_000;

/** Asks a node's admin port. Rejects when it does not answer with 200. */
export const fetchStatus = async (adminPort: number, host?: string): Promise<NodeStatus> => {
  const { code, text } = await httpGet(adminPort, '/api/v1/status', host);
  if (code !== 200) throw new Error(`the status answered ${code}`);
  return JSON.parse(text) as NodeStatus;
};

/** Whether `/readyz` answers 200. Never rejects. */
export const isNodeReady = async (adminPort: number, host?: string): Promise<boolean> => {
  try {
    return (await httpGet(adminPort, '/readyz', host)).code === 200;
  } catch {
    return false;
  }
};

/** One GET, on loopback where no host is named. Rejects when nobody answers within 5 s. */
export const httpGet = (
  port: number,
  path: string,
  host = '127.0.0.1',
): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const request = get({ host, port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () => resolve({ code: response.statusCode ?? 0, text }));
    });
    request.setTimeout(answerMsMax, () => request.destroy(new Error('no answer')));
    request.once('error', reject);
  });
