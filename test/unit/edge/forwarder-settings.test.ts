import { expect, it } from 'vitest';
import { forwarderSettings } from '../../../edge/forwarder-settings.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

async function settingsOf(central: object) {
  const parsed = parseConfig({ forward: { central: { bootstrap: ['a:1'], ...central } } });
  if (!parsed.ok) throw new Error(parsed.error[0]?.text);
  return forwarderSettings(parsed.value);
}

it.each([
  [{ tls: { caFile: '/nowhere/ca' } }, 'forward.central.tls.caFile: cannot read /nowhere/ca'],
  [
    { tls: { certFile: '/nowhere/crt', keyFile: '/nowhere/key' } },
    'forward.central.tls.certFile: cannot read /nowhere/crt',
  ],
  [
    { sasl: { mechanism: 'plain', username: 'u', passwordFile: '/nowhere/p' } },
    'forward.central.sasl.passwordFile: cannot read /nowhere/p',
  ],
])('a file that cannot be read is a wrong config: %j', async (central, text) => {
  const settings = await settingsOf(central);
  expect(settings).toMatchObject({ ok: false, error: { exitCode: 2, text: `${text}: ENOENT.` } });
});

it('hands the names of the TLS files on', async () => {
  const [file] = process.argv;
  const settings = await settingsOf({ tls: { caFile: file, certFile: file, keyFile: file } });
  expect(settings).toMatchObject({
    ok: true,
    value: { central: { tls: { caFile: file, certFile: file, keyFile: file } } },
  });
});
