// The tests that docs/testing.md shows, run as they stand.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { start } from "./thimble.mjs";

const run = promisify(execFile);

test("the tests of docs/testing.md pass, and pass again", { timeout: 60_000 }, async (t) => {
  const { url } = await start(t);
  const text = await readFile(new URL("../../docs/testing.md", import.meta.url), "utf8");
  const [[, program], ...more] = text.matchAll(/^```js\n(.*?)^```$/gms);
  assert.equal(more.length, 0, "one program on the page");

  // Beside node_modules, where its import finds the SDK.
  const file = fileURLToPath(new URL("./testing-story.mjs", import.meta.url));
  await writeFile(file, program);
  t.after(() => rm(file, { force: true }));
  const env = { ...process.env, THIMBLE_URL: url };
  delete env.NODE_TEST_CONTEXT; // it is no part of this run
  for (const time of ["first", "second"]) {
    const { stdout } = await run(process.execPath, ["--test-reporter=tap", file], { env }).catch((error) => error);
    assert.match(stdout, /^# pass 2$/m, `the ${time} time:\n${stdout}`);
    assert.match(stdout, /^# fail 0$/m, `the ${time} time:\n${stdout}`);
  }
});
