// The README's program, run as it stands, and its settings file, read by a real server.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { binary, start } from "./thimble.mjs";

const run = promisify(execFile);

/** The fenced blocks of the README in a language. */
async function blocks(language) {
  const text = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  return [...text.matchAll(new RegExp("^```" + language + "\\n(.*?)^```$", "gms"))].map(([, block]) => block);
}

test("the README's program runs, and runs again", { timeout: 60_000 }, async (t) => {
  const { url } = await start(t);
  const [program, ...more] = await blocks("js");
  assert.equal(more.length, 0, "one program in the README");
  const [printed] = await blocks("text");

  // Beside node_modules, where its import finds the SDK.
  const file = fileURLToPath(new URL("./readme-story.mjs", import.meta.url));
  await writeFile(file, program);
  t.after(() => rm(file, { force: true }));
  for (const time of ["first", "second"]) {
    const { stdout } = await run(process.execPath, [file], { env: { ...process.env, THIMBLE_URL: url } });
    assert.equal(stdout, printed, `the ${time} time`);
  }
});

test("the README names the SDK that is tested", async () => {
  const { dependencies } = JSON.parse(await readFile(new URL("package.json", import.meta.url), "utf8"));
  const shell = (await blocks("sh")).join("");
  assert.ok(shell.includes(`npm install stytch@${dependencies.stytch}\n`), shell);
});

test("the README's settings file starts a server", { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thimble-readme-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [settings] = await blocks("yaml");
  // The file's folders are not on this machine; nothing else of it is changed.
  const here = settings.replaceAll("/etc/thimble", folder).replaceAll("/var/lib/thimble", folder);
  await writeFile(join(folder, "thimble.yaml"), here);
  await writeFile(join(folder, "master.key"), (await run(binary, ["keys", "master"])).stdout);
  await writeFile(join(folder, "smtp-password"), "password\n");
  await writeFile(join(folder, "twilio-token"), "0123456789abcdef0123456789abcdef\n");

  const args = ["serve", "--config", join(folder, "thimble.yaml"), "--listen", "127.0.0.1:0"];
  const server = spawn(binary, args, { cwd: folder, env: { PATH: process.env.PATH } });
  let log = "";
  let asked = false;
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (text) => {
      log += text;
      if (asked || !log.includes('"msg":"ready"')) return;
      asked = server.kill("SIGTERM"); // once: a second signal ends it the hard way
    });
  }
  const [status] = await once(server, "exit");
  assert.equal(status, 0, log);
  assert.match(log, /"msg":"ready".*"public_url":"https:\/\/auth.example.com"/);
});
