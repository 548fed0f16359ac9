// Codes by text by the SDK: enrol by choice, send again, and everything that stands in between.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, found, primary, refused, start } from "./thimble.mjs";

test("a member enrols by choice and leaves again", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { sms } = server.client.otps;
  const organization_id = await found(server, "Globex");
  const { member_id, session_token } = await primary(server, organization_id, "grace@globex.example");
  const mfa_phone_number = "+12025550143";
  const who = { organization_id, member_id, session_token };

  await refused(sms.send(who), 404, "phone_number_not_found");
  await refused(sms.send({ ...who, mfa_phone_number: "+1202555" }), 400, "invalid_phone_number");
  const sent = await sms.send({ ...who, mfa_phone_number, locale: "pt-br" });
  assert.equal(sent.member.mfa_phone_number, mfa_phone_number);
  assert.equal(sent.member.mfa_phone_number_verified, false);
  assert.equal((await server.inbox(mfa_phone_number)).locale.toLowerCase(), "pt-br");
  const old = await server.code(mfa_phone_number);
  await sms.send(who);
  const code = await server.code(mfa_phone_number);

  const guess = (code, more) => sms.authenticate({ ...who, code, ...more });
  await refused(guess("no code"), 400, "invalid_code");
  if (old !== code) await refused(guess(old), 401, "unable_to_auth_otp_code");
  const done = await guess(code, { set_mfa_enrollment: "enroll", set_default_mfa: true });
  assert.equal(done.session_token, session_token);
  assert.equal(done.member.mfa_enrolled, true);
  assert.equal(done.member.default_mfa_method, "sms_otp");
  await refused(guess(code), 401, "unable_to_auth_otp_code");

  const next = await primary(server, organization_id, "grace@globex.example");
  assert.equal(next.mfa_required.secondary_auth_initiated, "sms_otp");
  const { intermediate_session_token } = next;
  const late = await server.code(mfa_phone_number);
  await server.advance(121);
  const again = { organization_id, member_id, intermediate_session_token };
  await refused(sms.authenticate({ ...again, code: late }), 401, "unable_to_auth_otp_code");
  await sms.send(again);
  const last = await server.code(mfa_phone_number);
  const left = await sms.authenticate({ ...again, code: last, set_mfa_enrollment: "unenroll" });
  assert.equal(left.member.mfa_enrolled, false);
});

test("ten wrong codes lock the member for an hour", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { intermediate_session_token } = await primary(server, acme, "ada@example.com");
  const who = { organization_id: acme, member_id: ada, intermediate_session_token };
  await server.client.otps.sms.send({ ...who, mfa_phone_number: "+12025550162" });
  const code = await server.code("+12025550162");
  const wrong = String((Number(code) + 1) % 1e6).padStart(6, "0");
  for (let i = 0; i < 10; i++) {
    await refused(server.client.otps.sms.authenticate({ ...who, code: wrong }), 404, "otp_code_not_found");
  }
  await refused(server.client.otps.sms.authenticate({ ...who, code }), 429, "user_lock_limit_reached");
  const { member } = await server.client.organizations.members.get({ organization_id: acme, member_id: ada });
  assert.equal(member.is_locked, true);
  assert.equal(Date.parse(member.lock_expires_at) - Date.parse(member.lock_created_at), 3_600_000);
});
