// Sessions on the word of other systems by the SDK: one that people logged in at before, and one that signs tokens.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { acme, ada, factors, full, project_id, refused, start } from "./thimble.mjs";

/** A system that answers the one request that it is meant for, and fails the test if it was asked for anything else. */
async function elsewhere(t, path, answer) {
  const odd = [];
  const server = createServer((req, res) => {
    if (req.method !== "GET" || req.url !== path) odd.push(`${req.method} ${req.url}`);
    const [status, body] = answer(req.headers);
    res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
    assert.deepEqual(odd, [], "nothing else was asked for");
  });
  return `http://127.0.0.1:${server.address().port}${path}`;
}

test("a session of the system before this one is taken over", { timeout: 60_000 }, async (t) => {
  const people = {
    "Bearer old-ada": [200, { sub: "1", email: "Ada@Example.com", email_verified: true }],
    "Bearer old-eve": [200, { sub: "2", email: "eve@example.com", email_verified: true }],
    "Bearer old-bob": [200, { sub: "3", email: "ada@example.com", email_verified: false }],
  };
  const userinfo = await elsewhere(t, "/userinfo", ({ authorization }) => people[authorization] ?? [401, {}]);
  const server = await start(t, "--userinfo-url", userinfo);
  const { sessions } = server.client;
  const migrate = (session_token, more) => sessions.migrate({ session_token, organization_id: acme, ...more });

  const taken = await migrate("old-ada", { session_duration_minutes: 30, session_custom_claims: { plan: "pro" } });
  assert.equal(taken.member_id, ada);
  assert.deepEqual(factors(taken.member_session), ["imported imported_auth0 PRIMARY"]);
  assert.deepEqual(taken.member_session.custom_claims, { plan: "pro" });
  const { member_session } = await sessions.authenticate({ session_token: taken.session_token });
  assert.equal(member_session.member_session_id, taken.member_session.member_session_id);

  await refused(migrate("old-eve"), 400, "migrate_from_external_email_does_not_exist");
  await refused(migrate("old-bob"), 400, "migrate_from_external_unexpected_response");
  await refused(migrate("never-seen"), 400, "migrate_from_external_unexpected_response");
});

test("a token of a trusted issuer becomes a session, once", { timeout: 60_000 }, async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" };
  const jwks = await elsewhere(t, "/jwks.json", () => [200, { keys: [key] }]);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issue = (claims) => {
    const about = { mail: "ada@example.com", jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 60 };
    const all = { iss: "https://issuer.example", aud: "thimble", ...about, ...claims };
    const signed = `${part({ alg: "RS256", kid: "one" })}.${part(all)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  };

  const server = await start(t);
  const trust = ["--issuer", "https://issuer.example", "--audience", "thimble", "--jwks-url", jwks];
  const claims = ["--map", "email=mail,token_id=jti"];
  const printed = await server.thimble("project", "trust", "add", project_id, "Issuer", ...trust, ...claims);
  const [, profile_id] = /^profile +(\S+)$/m.exec(printed);
  const attest = (token, more) => server.client.sessions.attest({ profile_id, token, organization_id: acme, ...more });

  const token = issue();
  const made = await attest(token, { session_duration_minutes: 5 });
  assert.equal(made.member_id, ada);
  assert.deepEqual(factors(made.member_session), ["trusted_auth_token trusted_token_exchange PRIMARY"]);
  assert.match(made.member_session.authentication_factors[0].trusted_auth_token_factor.token_id, /./);
  await refused(attest(token), 400, "invalid_trusted_auth_token");
  await refused(attest(issue({ aud: "somebody-else" })), 400, "jwt_invalid_audience");
  await refused(attest(issue().replace(/\.[^.]+$/, `.${"A".repeat(342)}`)), 400, "invalid_trusted_auth_token");
  await refused(attest(issue(), { profile_id: "nobody" }), 404, "trusted_token_profile_not_found");

  const { session_token } = await full(server);
  const added = await attest(issue(), { session_token });
  assert.equal(added.session_token, session_token);
  assert.deepEqual(factors(added.member_session), [
    "magic_link email PRIMARY",
    "otp sms SECONDARY",
    "trusted_auth_token trusted_token_exchange PRIMARY",
  ]);
});
