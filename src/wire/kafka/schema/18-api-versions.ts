import type { ApiSchema } from './api-schema.ts';

/**
 * v3: flexible, client software and features. The response header stays version 0 in all of them.
 */
export const apiVersionsSchema: ApiSchema = {
  key: 18,
  name: 'ApiVersions',
  versions: '0-4',
  flexibleFrom: 3,
  request: ['clientSoftwareName string 3+', 'clientSoftwareVersion string 3+'],
  response: [
    'errorCode int16',
    'apiKeys []ApiKey',
    ['apiKey int16', 'minVersion int16', 'maxVersion int16'],
    'throttleTimeMs int32 1+',
    'supportedFeatures []SupportedFeature 3+ tag=0',
    ['name string', 'minVersion int16', 'maxVersion int16'],
    'finalizedFeaturesEpoch int64 3+ tag=1 default=-1',
    'finalizedFeatures []FinalizedFeature 3+ tag=2',
    ['name string', 'maxVersionLevel int16', 'minVersionLevel int16'],
    'zkMigrationReady boolean 3+ tag=3',
  ],
};
