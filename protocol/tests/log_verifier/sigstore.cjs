// Lets Sigstore's verifier judge receipts of a log: `node sigstore.cjs DIRECTORY`, with node_modules in NODE_PATH.
//
// DIRECTORY has `keys` (the log's key first), `receipts/<index>.tlog-proof` and the bundles below `tile/entries`. Sigstore knows no
// cosignatures of witnesses: of each checkpoint only the log's own signature lines are handed to it. Everything else that is judged
// is its work: the signed note, the checkpoint and the audit path.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { verifyCheckpoint } = require("@sigstore/verify/dist/timestamp/checkpoint");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/timestamp/merkle");

const WIDTH = 256n;

/** A C2SP verifier key as Sigstore keeps a log: `name+hash+base64(algorithm, key)`. */
function log(line) {
  const [name, hash, ...rest] = line.split("+");
  const key = Buffer.from(rest.join("+"), "base64");
  const publicKey = crypto.createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: key.subarray(1).toString("base64url") },
    format: "jwk",
  });
  const validFor = { start: new Date(0), end: new Date(8640000000000000) };
  return { name, logID: Buffer.from(hash, "hex"), publicKey, validFor, baseURL: "" };
}

/** The bytes of an entry, from its bundle. */
function entry(directory, index, size) {
  const bundle = index / WIDTH;
  const width = (size - bundle * WIDTH) < WIDTH ? size - bundle * WIDTH : WIDTH;
  const name = bundle.toString().padStart(3, "0") + (width < WIDTH ? `.p/${width}` : "");
  const bytes = fs.readFileSync(path.join(directory, "tile/entries", name));
  let at = 0;
  for (let skipped = 0n; skipped < index % WIDTH; skipped += 1n) {
    at += 2 + bytes.readUInt16BE(at);
  }
  return bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
}

function judge(directory, file, known) {
  const text = fs.readFileSync(path.join(directory, "receipts", file), "utf8");
  const [, index, hashes, note] = /^c2sp\.org\/tlog-proof@v1\nindex (\d+)\n((?:[^\n]+\n)*)\n([^]*)$/.exec(text);
  const [body, signatures] = note.split("\n\n");
  const own = signatures.split("\n").filter((line) => line.startsWith(`\u2014 ${known.name} `));
  const [origin, size, root] = body.split("\n");
  if (origin !== known.name) {
    throw new Error(`it is of the log ${origin}`);
  }
  const tlogEntry = {
    canonicalizedBody: entry(directory, BigInt(index), BigInt(size)),
    integratedTime: "0",
    inclusionProof: {
      logIndex: index,
      treeSize: size,
      rootHash: Buffer.from(root, "base64"),
      hashes: hashes.split("\n").filter(Boolean).map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: `${body}\n\n${own.join("\n")}\n` },
    },
  };
  verifyMerkleInclusion(tlogEntry);
  verifyCheckpoint(tlogEntry, [known]);
}

const [, , directory] = process.argv;
const known = log(fs.readFileSync(path.join(directory, "keys"), "utf8").split("\n")[0]);
const files = fs.readdirSync(path.join(directory, "receipts")).sort();
for (const file of files) {
  try {
    judge(directory, file, known);
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    process.exit(1);
  }
}
console.log(`${files.length} receipts hold`);
