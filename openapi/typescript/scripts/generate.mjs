// Writes src/generated/schema.ts, the document's types, with openapi-typescript.
//
//     npm run generate     # writes
//     npm run check        # fails when what is committed is not what the document gives
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../../openapi.json", import.meta.url);
const OUT = new URL("../src/generated/schema.ts", import.meta.url);
const HEADING = "// The service's types. Generated from openapi/openapi.json by scripts/generate.mjs: do not edit.\n\n";

/** Without what the client never shows as types: answers of errors (one class throws them all) and headers of answers. */
function lean(document) {
  for (const operations of Object.values(document.paths)) {
    for (const operation of Object.values(operations)) {
      if (!operation.responses) continue; // parameters of the path
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (status.startsWith("2")) delete answer.headers;
        else delete operation.responses[status];
      }
    }
  }
  delete document.components.headers;
  return document;
}

const document = lean(JSON.parse(await readFile(DOCUMENT, "utf8")));
// a default makes a member of a body optional, it does not make it required; an object of no known members may have any
const ast = await openapiTS(document, { defaultNonNullable: false, emptyObjectsUnknown: true });
// answers do not change their shape under a client that was made for them
const version = document.components.parameters["Reliquary-Version"].schema.enum.at(-1);
const text = `${HEADING}/** The dated version that this client speaks. */\nexport const VERSION = ${JSON.stringify(version)};\n\n${astToString(ast)}`;

if (!process.argv.includes("--check")) {
  await writeFile(OUT, text);
} else if ((await readFile(OUT, "utf8").catch(() => "")) !== text) {
  console.error("openapi/typescript is out of date: run `npm run generate` there");
  process.exit(1);
}
