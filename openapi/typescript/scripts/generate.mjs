// Writes src/generated/schema.ts, the document's types, with openapi-typescript.
//
//     npm run generate     # writes
//     npm run check        # fails when what is committed is not what the document gives
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

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

const takesKey = (post) => post.parameters?.some(({ name }) => name === "Idempotency-Key");
const takesForm = (post) => post.requestBody?.content["multipart/form-data"] !== undefined;

/** A list of the paths whose POST is such a one. */
function posts(name, about, isOne) {
  const paths = Object.keys(document.paths).filter((path) => document.paths[path].post && isOne(document.paths[path].post));
  return `/** ${about} */\nexport const ${name}: readonly string[] = ${JSON.stringify(paths, null, 4)};\n\n`;
}

/** A file in a form is no text. */
const transform = ({ format }) =>
  format === "binary" ? ts.factory.createTypeReferenceNode(ts.factory.createIdentifier("Blob")) : undefined;

const document = lean(JSON.parse(await readFile(DOCUMENT, "utf8")));
// a default makes a member of a body optional, it does not make it required; an object of no known members may have any
const ast = await openapiTS(document, { defaultNonNullable: false, emptyObjectsUnknown: true, transform });
// answers do not change their shape under a client that was made for them
const version = document.components.parameters["Reliquary-Version"].schema.enum.at(-1);
const constants = [
  `/** The dated version that this client speaks. */\nexport const VERSION = ${JSON.stringify(version)};\n\n`,
  posts("KEYED", "The POSTs that take an `Idempotency-Key`.", takesKey),
  posts("FORMS", "The POSTs whose body is a form.", takesForm),
];
const text = `${HEADING}${constants.join("")}${astToString(ast)}`;

if (!process.argv.includes("--check")) {
  await writeFile(OUT, text);
} else if ((await readFile(OUT, "utf8").catch(() => "")) !== text) {
  console.error("openapi/typescript is out of date: run `npm run generate` there");
  process.exit(1);
}
