// The README's story, step by step, and what the SDK makes of each answer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, client, codeFor, full, listenIn, phone, primary, project_id, start } from "./thimble.mjs";

test("a link, then a code by text, then a session", { timeout: 60_000 }, async (t) => {
  const server = await start(t);

  const login = await primary(server, "acme", "ada@example.com");
  assert.equal(login.status_code, 200);
  assert.equal(login.organization_id, acme);
  assert.equal(login.member_id, ada);
  assert.equal(login.member_authenticated, false);
  assert.equal(login.member_session, null);
  assert.equal(login.session_token, "");
  assert.equal(login.session_jwt, "");
  assert.equal(login.intermediate_session_token.length, 44);
  assert.ok(login.mfa_required, "the organization asks everybody for a second factor");
  assert.equal(login.mfa_required.secondary_auth_initiated, null, "there is no number yet");

  const code = await codeFor(server, login);
  const text = await server.inbox(phone);
  assert.equal(text.channel, "sms");
  assert.equal(text.to, phone);
  assert.equal(text.segments, 1);

  const { intermediate_session_token } = login;
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  const guess = (code) =>
    server.client.otps.sms.authenticate({ organization_id: acme, member_id: ada, code, intermediate_session_token });
  await assert.rejects(guess(wrong), { status_code: 404, error_type: "otp_code_not_found" });

  const done = await guess(code);
  assert.equal(done.status_code, 200);
  assert.equal(done.member.mfa_phone_number, phone);
  assert.equal(done.member.mfa_phone_number_verified, true);
  assert.equal(done.member.default_mfa_method, "sms_otp");
  assert.equal(done.session_token.length, 44);
  const factors = done.member_session.authentication_factors;
  assert.deepEqual(factors.map((f) => [f.type, f.delivery_method, f.sequence_order]), [
    ["magic_link", "email", "PRIMARY"],
    ["otp", "sms", "SECONDARY"],
  ]);
  assert.equal(factors[1].phone_number_factor.phone_number, phone);

  // The code and the intermediate session are spent.
  await assert.rejects(guess(code), { status_code: 404, error_type: "intermediate_session_not_found" });

  // The next login finds the number and sends the code by itself.
  const again = await primary(server, "acme", "ada@example.com");
  assert.equal(again.mfa_required.secondary_auth_initiated, "sms_otp");
  assert.equal(again.mfa_required.member_options.mfa_phone_number, "XXXXXXX0162");
});

test("the SDK verifies a session's JWT without asking the server", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const line = await listenIn(t, server.url);
  const done = await full(server, { session_duration_minutes: 30, session_custom_claims: { plan: "pro" } });

  const sdk = client(line.url);
  const jwks = `GET /v1/b2b/sessions/jwks/${project_id}`;
  const first = await sdk.sessions.authenticateJwt({ session_jwt: done.session_jwt });
  assert.deepEqual(line.seen, [jwks], "one request for the keys and none for the session");

  const { member_session, ...rest } = first;
  assert.deepEqual(rest, { session_jwt: done.session_jwt }, "a remote answer would have more");
  for (const name of ["member_session_id", "member_id", "organization_id", "organization_slug", "roles", "custom_claims"]) {
    assert.deepEqual(member_session[name], done.member_session[name], name);
  }
  // The SDK writes the end anew, with milliseconds.
  assert.equal(Date.parse(member_session.expires_at), Math.floor(Date.parse(done.member_session.expires_at)));
  assert.deepEqual(member_session.authentication_factors, done.member_session.authentication_factors);

  await server.stop();
  const later = await sdk.sessions.authenticateJwt({ session_jwt: done.session_jwt });
  assert.equal(later.member_session.member_id, ada, "the server is gone, the keys are known");
  assert.deepEqual(line.seen, [jwks]);

  const forged = done.session_jwt.replace(/\.[^.]+$/, "." + "A".repeat(342));
  await assert.rejects(sdk.sessions.authenticateJwtLocal({ session_jwt: forged }), { code: "jwt_invalid" });
});

test("the JWT is what Stytch's would be", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const done = await full(server, { session_custom_claims: { plan: "pro" } });

  const [header, claims] = done.session_jwt.split(".").slice(0, 2).map((part) => JSON.parse(Buffer.from(part, "base64url")));
  assert.equal(header.typ, "JWT");
  assert.equal(header.alg, "RS256");
  const { keys } = await server.client.sessions.getJWKS({ project_id });
  assert.ok(keys.some((key) => key.kid === header.kid), "JWKS has the key");
  assert.ok(keys.every((key) => key.kty === "RSA" && key.alg === "RS256" && key.use === "sig" && !("d" in key)));

  assert.equal(claims.iss, `stytch.com/${project_id}`);
  assert.deepEqual(claims.aud, [project_id]);
  assert.equal(claims.sub, ada);
  assert.equal(claims.exp - claims.iat, 300);
  assert.equal(claims.nbf, claims.iat);
  assert.equal(claims.plan, "pro");
  assert.equal(claims["https://stytch.com/session"].id, done.member_session.member_session_id);
  assert.deepEqual(claims["https://stytch.com/organization"], { organization_id: acme, slug: "acme" });

  // After five minutes the SDK asks the server, which knows the session and gives a new JWT.
  const soon = new Date((claims.exp + 1) * 1000);
  await assert.rejects(
    server.client.sessions.authenticateJwtLocal({ session_jwt: done.session_jwt, current_date: soon }),
    { code: "jwt_invalid" },
  );
  const remote = await server.client.sessions.authenticateJwt({ session_jwt: done.session_jwt, current_date: soon });
  assert.equal(remote.session_token, done.session_token, "the token never changes");
  assert.equal(remote.member_session.member_session_id, done.member_session.member_session_id);
});
