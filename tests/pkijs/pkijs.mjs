// PKI.js, as a browser has it, reads and verifies an OCSP answer: MODULES ANSWER ISSUER CERTIFICATE… (DER files).
// One line of JSON: is the signature good, and the status of each certificate (0 good, 1 revoked, 2 unknown, 3 not in it).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { webcrypto } from 'node:crypto';

const [, , modules, answer, issuer, ...files] = process.argv;
const pkijs = createRequire(modules + '/')('pkijs');
pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));

const octets = file => new Uint8Array(readFileSync(file));
const certificate = file => pkijs.Certificate.fromBER(octets(file));

const response = pkijs.OCSPResponse.fromBER(octets(answer));
const basic = pkijs.BasicOCSPResponse.fromBER(response.responseBytes.response.valueBlock.valueHexView);
const ca = certificate(issuer);
const good = await basic.verify({ trustedCerts: [ca] });
const statuses = [];
for (const file of files) {
  const { isForCertificate, status } = await basic.getCertificateStatus(certificate(file), ca);
  statuses.push(isForCertificate ? status : 3);
}
const extensions = (basic.tbsResponseData.responseExtensions ?? []).map(extension => extension.extnID);
console.log(JSON.stringify({ status: response.responseStatus.valueBlock.valueDec, good, statuses, extensions }));
