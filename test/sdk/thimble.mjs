// Starts the built binary the way the README does, on a free port and in a folder of its own, and gives a client of the
// unmodified SDK for it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import stytch from "stytch";

/** The binary under test; make build makes it. */
export const binary = process.env.THIMBLE_BINARY ?? fileURLToPath(new URL("../../build/thimble", import.meta.url));

// What thimble dev puts into every new database.
export const project_id = "project-test-11111111-1111-4111-8111-111111111111";
export const secret = "secret-test-11111111111111111111111111111111";
export const acme = "organization-test-22222222-2222-4222-8222-222222222222";
export const ada = "member-test-33333333-3333-4333-8333-333333333333";
export const phone = "+12025550162";

/** A running server, stopped and removed when the test t ends. */
export async function start(t) {
  const data = await mkdtemp(join(tmpdir(), "thimble-sdk-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("THIMBLE_")));
  const child = spawn(binary, ["dev", "--listen", "127.0.0.1:0", "--data", data], { env });
  const ended = once(child, "exit");
  let log = "";
  child.stderr.on("data", (text) => (log += text));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const [status, signal] = await ended;
    assert.equal(status ?? signal, 0, `the server ended badly:\n${log}`);
  };
  t.after(async () => {
    await stop();
    await rm(data, { recursive: true, force: true });
  });

  const url = await Promise.race([
    ready(child),
    ended.then(([status]) => Promise.reject(new Error(`${binary} ended with ${status} before it was ready:\n${log}`))),
  ]);
  return { url, stop, client: client(url), inbox: (to) => inbox(url, to), log: () => log };
}

/** The address that the server prints once it is ready. */
function ready(child) {
  return new Promise((resolve) => {
    let text = "";
    child.stdout.on("data", (more) => {
      text += more;
      const [, url] = /is ready: (http\S+)\n/.exec(text) ?? [];
      if (url) resolve(url + "/");
    });
  });
}

/** A client of the SDK, as an application makes it. */
export function client(url, other = {}) {
  return new stytch.B2BClient({ project_id, secret, env: url, ...other });
}

/** The newest message to an address or number. */
async function inbox(url, to) {
  const answer = await fetch(`${url}dev/messages?limit=1&to=${encodeURIComponent(to)}`);
  const { messages } = await answer.json();
  assert.ok(messages?.length, `no message to ${to}`);
  return messages[0];
}

/** A proxy in front of the server that notes every request, so that a test can tell what asked nobody. */
export async function listenIn(t, url) {
  const seen = [];
  const proxy = createServer((req, res) => {
    seen.push(`${req.method} ${new URL(req.url, url).pathname}`);
    const onward = request(new URL(req.url, url), { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${proxy.address().port}/`, seen };
}

/** Logs a member in up to the second factor. */
export async function primary({ client, inbox }, organization_id, email_address) {
  await client.magicLinks.email.loginOrSignup({ organization_id, email_address });
  const [, magic_links_token] = /token=([\w-]+)/.exec((await inbox(email_address)).body);
  return client.magicLinks.authenticate({ magic_links_token });
}

/** Has a code sent and reads it. */
export async function codeFor({ client, inbox }, login, mfa_phone_number = phone) {
  const { organization_id, member_id, intermediate_session_token } = login;
  await client.otps.sms.send({ organization_id, member_id, intermediate_session_token, mfa_phone_number });
  return /\b\d{6}\b/.exec((await inbox(mfa_phone_number)).body)[0];
}

/** Logs the seeded member in completely. */
export async function full(server, terms = {}) {
  const login = await primary(server, acme, "ada@example.com");
  const code = await codeFor(server, login);
  const { organization_id, member_id, intermediate_session_token } = login;
  return server.client.otps.sms.authenticate({ organization_id, member_id, intermediate_session_token, code, ...terms });
}
