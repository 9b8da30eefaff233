// node build.mjs COMPONENT: makes the component, with QuickJS and the vectors in it.

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { componentize } from "componentize-qjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [output] = process.argv.slice(2);

const vectors = [];
for (const name of ["a-vip-writes", "somebody-else-writes", "a-forged-vip"]) {
  const message = [...(await readFile(here(`../vectors/${name}.eml`)))];
  vectors.push({ name, message, expected: await readFile(here(`../vectors/${name}.json`), "utf8") });
}
const { component } = await componentize({
  witPath: here("../../wit"),
  jsSource: `const VECTORS = ${JSON.stringify(vectors)};\n${await readFile(here("vip-domains.js"), "utf8")}`,
  // Without it the component wants asynchronous calls, which the host doesn't have.
  sync: true,
});
await writeFile(output, component);
