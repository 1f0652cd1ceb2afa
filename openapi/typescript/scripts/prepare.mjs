// Builds dist/. npm runs this for `npm install ./openapi/typescript`, too, which brings no compiler: then it is fetched first.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const tsc = "node_modules/typescript/bin/tsc";
if (!existsSync(new URL(`../${tsc}`, import.meta.url))) {
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd, stdio: "inherit" });
}
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd, stdio: "inherit" });
