// Recovery codes by the SDK: read, used up, replaced.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, factors, primary, refused, start } from "./thimble.mjs";

const who = { organization_id: acme, member_id: ada };

test("a recovery code stands in for a lost app, once", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { recoveryCodes, totps } = server.client;
  await refused(recoveryCodes.rotate(who), 400, "no_active_recovery_code_backed_factor");
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  const { recovery_codes } = await totps.migrate({ ...who, secret, recovery_codes: [] });
  assert.equal(recovery_codes.length, 10);
  for (const code of recovery_codes) assert.match(code, /^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$/);
  assert.deepEqual((await recoveryCodes.get(who)).recovery_codes, recovery_codes);

  const login = await primary(server, acme, "ada@example.com");
  const { intermediate_session_token } = login;
  const recover = (recovery_code, more) => recoveryCodes.recover({ ...who, recovery_code, ...more });
  await refused(recover("short", { intermediate_session_token }), 400, "invalid_recovery_code");
  await refused(recover("zzzz-zzzz-zzzz", { intermediate_session_token }), 401, "unable_to_authenticate_recovery_code");

  const [first, ...rest] = recovery_codes;
  const claims = { session_custom_claims: { plan: "pro" } };
  const done = await recover(first, { intermediate_session_token, session_duration_minutes: 30, ...claims });
  assert.equal(done.recovery_codes_remaining, 9);
  const proven = ["magic_link email PRIMARY", "recovery_codes recovery_code SECONDARY"];
  assert.deepEqual(factors(done.member_session), proven);
  assert.match(done.member_session.authentication_factors[1].recovery_code_factor.totp_recovery_code_id, /./);
  assert.deepEqual(done.member_session.custom_claims, { plan: "pro" });
  assert.notEqual(done.member.totp_registration_id, "", "the app stays");
  assert.equal(done.member.default_mfa_method, "totp", "a recovery code is no method of its own");

  assert.deepEqual((await recoveryCodes.get(who)).recovery_codes, rest);
  const { session_token } = done;
  await refused(recover(first, { session_token }), 401, "unable_to_authenticate_recovery_code");

  const rotated = await recoveryCodes.rotate(who);
  assert.equal(rotated.member_id, ada);
  assert.equal(rotated.recovery_codes.length, 10);
  assert.deepEqual(rotated.recovery_codes.filter((code) => recovery_codes.includes(code)), []);
  await refused(recover(rest[0], { session_token }), 401, "unable_to_authenticate_recovery_code");
  const again = await recover(rotated.recovery_codes[9], { session_token });
  assert.equal(again.session_token, session_token, "the session keeps its token");
});
