import type { AddressInfo, Server } from 'node:net';
import { limits } from '../src/base/limits.ts';
import { fail, ok, type Result } from '../src/base/result.ts';
import type { MqttAddress, MqttListenError } from './mqtt-front-options.ts';

/** Opens a port; resolves with where it is, which is news for port 0. */
export const listenMqtt = (
  server: Server,
  { host, port }: MqttAddress,
): Promise<Result<MqttAddress, MqttListenError>> =>
  new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(fail({ code: error.code ?? 'UNKNOWN', text: error.message })),
    );
    server.listen({ host, port, backlog: limits.listenBacklogMax }, () => {
      const address = server.address() as AddressInfo;
      resolve(ok({ host: address.address, port: address.port }));
    });
  });
