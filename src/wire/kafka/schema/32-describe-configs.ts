import type { ApiSchema } from './api-schema.ts';

/** v3: types and documentation; v4: flexible. */
export const describeConfigsSchema: ApiSchema = {
  key: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexibleFrom: 4,
  request: [
    'resources []Resource',
    ['resourceType int8', 'resourceName string', 'configurationKeys ?[]string'],
    'includeSynonyms boolean',
    'includeDocumentation boolean 3+',
  ],
  response: [
    'throttleTimeMs int32',
    'results []Result',
    [
      'errorCode int16',
      'errorMessage ?string',
      'resourceType int8',
      'resourceName string',
      'configs []Config',
      [
        'name string',
        'value ?string',
        'readOnly boolean',
        'configSource int8 default=-1',
        'isSensitive boolean',
        'synonyms []Synonym',
        ['name string', 'value ?string', 'source int8'],
        'configType int8 3+',
        'documentation ?string 3+',
      ],
    ],
  ],
};
