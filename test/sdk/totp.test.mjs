// Authenticator apps by the SDK: bind one, log in with it, take one over from elsewhere, remove it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, app, factors, primary, refused, start } from "./thimble.mjs";

const who = { organization_id: acme, member_id: ada };

test("an app is bound during a login and asked for in the next one", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { totps, organizations } = server.client;
  const { intermediate_session_token } = await primary(server, acme, "ada@example.com");

  const made = await totps.create({ ...who, intermediate_session_token, expiration_minutes: 10 });
  assert.match(made.totp_registration_id, /^member-totp-test-/);
  assert.match(made.secret, /^[A-Z2-7]{32}$/);
  const [, picture] = /^data:image\/png;base64,(.+)$/.exec(made.qr_code);
  assert.equal(Buffer.from(picture, "base64").subarray(1, 4).toString(), "PNG");
  assert.equal(made.recovery_codes.length, 10);
  assert.equal(made.member.totp_registration_id, "", "nobody has shown yet that the app works");

  const now = Date.now(); // one for all codes, whenever the next step begins
  const shown = (steps) => app(made.secret, steps, now);
  const guess = (code, more) => totps.authenticate({ ...who, code, ...more });
  await refused(guess("12345", { intermediate_session_token }), 400, "invalid_totp_code");
  await refused(guess(shown(5), { intermediate_session_token }), 401, "unable_to_authenticate_totp");
  const done = await guess(shown(0), { intermediate_session_token });
  assert.deepEqual(factors(done.member_session), ["magic_link email PRIMARY", "totp authenticator_app SECONDARY"]);
  const [, factor] = done.member_session.authentication_factors;
  assert.deepEqual(factor.authenticator_app_factor, { totp_id: made.totp_registration_id });
  assert.equal(done.member.totp_registration_id, made.totp_registration_id);
  assert.equal(done.member.default_mfa_method, "totp");
  assert.equal(done.member.mfa_enrolled, true);

  const next = await primary(server, acme, "ada@example.com");
  assert.deepEqual(next.mfa_required, {
    member_options: { mfa_phone_number: "", totp_registration_id: made.totp_registration_id },
    secondary_auth_initiated: null,
  });
  const { session_token } = done;
  await refused(guess(shown(0), { session_token }), 400, "totp_code_already_authenticated");
  const stepped = await guess(shown(1), { session_token, session_duration_minutes: 30 });
  assert.equal(stepped.session_token, session_token);
  await refused(totps.create({ ...who, session_token }), 400, "active_totp_exists");

  const without = await organizations.members.deleteTOTP(who);
  assert.equal(without.member.totp_registration_id, "");
  assert.equal(without.member.default_mfa_method, "");
  await refused(guess(shown(0), { session_token }), 404, "totp_not_found");
});

test("an app of another system is taken over", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { totps } = server.client;
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const recovery_codes = ["a1b2-c3d4-e5f6", "b1b2-c3d4-e5f6"];

  const taken = await totps.migrate({ ...who, secret, recovery_codes });
  assert.deepEqual(taken.recovery_codes, recovery_codes);
  assert.equal(taken.member.totp_registration_id, taken.totp_registration_id);
  await refused(totps.migrate({ ...who, secret, recovery_codes }), 400, "active_totp_exists");

  const { intermediate_session_token } = await primary(server, acme, "ada@example.com");
  const done = await totps.authenticate({ ...who, code: app(secret), intermediate_session_token });
  assert.equal(done.member_session.member_id, ada);
});
