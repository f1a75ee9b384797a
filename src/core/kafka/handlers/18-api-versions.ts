import { kafkaCodeOf } from '../../../base/errors.ts';
import { servedApis } from '../../../wire/kafka/api-keys.ts';
import type { ApiVersionsResponse } from '../../../wire/kafka/generated/18-api-versions.ts';
import { apiVersionsCodec } from '../../../wire/kafka/generated/18-api-versions.ts';
import { encodeResponse } from '../../../wire/kafka/header.ts';
import type { Exchange, Handler } from '../handler.ts';
import { handlerOf } from '../handler.ts';

const apiKeys = servedApis.map(({ apiKey, advertisedMin, versionMax }) => ({
  apiKey,
  minVersion: advertisedMin,
  maxVersion: versionMax,
}));

const responseOf = (errorCode: number): ApiVersionsResponse => ({
  errorCode,
  apiKeys,
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1,
  finalizedFeatures: [],
  zkMigrationReady: false,
});

/* ApiVersions v0-4. No features. */
export const apiVersionsHandler: Handler = handlerOf(apiVersionsCodec, (_request, { reply }) =>
  reply(responseOf(0)),
);

/**
 * A version from the future: its body is not read, the answer is version 0 and lets the client try
 * again.
 */
export function refuseApiVersions({ correlationId, settle }: Exchange): void {
  const refusal = responseOf(kafkaCodeOf('UNSUPPORTED_VERSION'));
  settle(encodeResponse(apiVersionsCodec, 0, correlationId, refusal));
}
