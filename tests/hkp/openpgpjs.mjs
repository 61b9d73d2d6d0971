// OpenPGP.js, as a browser's mail client has it, reads what a key server gives: MODULES URL [FINGERPRINT].
// One line of JSON for each certificate. Without a fingerprint: a v6 certificate of its own goes there and comes back.
import { createRequire } from 'node:module';

const [, , modules, url, fingerprint] = process.argv;
const openpgp = createRequire(modules + '/')('openpgp');

async function get(path) {
  const reply = await fetch(url + path);
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status}`);
  return reply;
}

async function report(key) {
  const users = await key.verifyAllUsers();
  console.log(JSON.stringify({
    fingerprint: key.getFingerprint(), version: key.keyPacket.version, revoked: await key.isRevoked(),
    users: users.map(user => `${user.userID}: ${user.valid}`), subkeys: key.getSubkeys().length,
  }));
}

const binary = async path => openpgp.readKey({ binaryKey: new Uint8Array(await (await get(path)).arrayBuffer()) });

if (fingerprint) {
  await report(await openpgp.readKey({ armoredKey: await (await get(`/pks/lookup?op=get&options=mr&search=0x${fingerprint}`)).text() }));
  await report(await binary(`/pks/v2/certs/by-vfingerprint/04${fingerprint}`));
} else {
  const { publicKey } = await openpgp.generateKey({
    type: 'curve25519', userIDs: [{ name: 'Six', email: 'six@acme.example' }], format: 'object', config: { v6Keys: true } });
  const sent = await fetch(`${url}/pks/v2/certs`, {
    method: 'POST', headers: { 'Content-Type': 'application/pgp-keys' }, body: publicKey.write() });
  if (sent.status !== 200) throw new Error(`POST: ${sent.status} ${await sent.text()}`);
  await report(await binary(`/pks/v2/certs/by-vfingerprint/06${publicKey.getFingerprint()}`));
  await report(await binary('/pks/v2/certs/by-identity/six%40acme.example'));
}
