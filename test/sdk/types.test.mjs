// The harness itself: answers that do not fit the SDK's declarations must not pass.
import assert from "node:assert/strict";
import { test } from "node:test";

import { typed } from "./types.mjs";

test("answers are held against the declared types", async () => {
  const session = { member_session_id: "s", member_id: "m", organization_id: "o", organization_slug: "acme" };
  const times = { started_at: "t", last_accessed_at: "t", expires_at: "t" };
  const factor = { type: "otp", delivery_method: "sms", phone_number_factor: { phone_id: "p", phone_number: "+1" } };
  const good = { ...session, ...times, roles: ["r"], custom_claims: null, authentication_factors: [factor] };
  const answer = (member_session) => {
    const get = async () => ({ request_id: "r", status_code: 200, member_sessions: [member_session] });
    return typed({ sessions: { get } }).sessions.get({});
  };
  await answer(good);
  await answer({ ...good, more: 1 });
  for (const [wrong, where] of [
    [{ ...good, roles: null }, /member_sessions\[0\]\.roles is a list/],
    [{ ...good, roles: [1] }, /roles\[0\] is a string/],
    [{ ...good, started_at: undefined }, /started_at is a string/],
    [{ ...good, custom_claims: [] }, /custom_claims is a Record/],
    [{ ...good, authentication_factors: [{ ...factor, phone_number_factor: {} }] }, /factor\.phone_id is a string/],
    [{ ...good, authentication_factors: [{ ...factor, type: null }] }, /authentication_factors\[0\]\.type is/],
  ]) {
    await assert.rejects(answer(wrong), where);
  }
});
