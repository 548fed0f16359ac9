// What an application sees when something is wrong: the SDK's error object, and the page that its link leads to.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, client, start } from "./thimble.mjs";

test("an error has a type, a message and a page", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const error = await server.client.otps.sms
    .send({ organization_id: acme, member_id: "member-test-99999999-9999-4999-8999-999999999999" })
    .then(() => assert.fail("there is no such member"), (error) => error);

  assert.equal(error.status_code, 404);
  assert.equal(error.error_type, "member_not_found");
  assert.match(error.request_id, /^request-id-test-/);
  assert.ok(error.error_message.length > 0 && !error.error_message.includes("99999999"), error.error_message);
  assert.equal(error.error_url, `${server.url}errors/404#member_not_found`);

  const page = await fetch(error.error_url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /id="member_not_found"/);
});

test("each way to be wrong has its type", { timeout: 60_000 }, async (t) => {
  const { client: sdk, url } = await start(t);
  const send = { organization_id: acme, member_id: ada };
  const cases = [
    [400, "invalid_phone_number", () => sdk.otps.sms.send({ ...send, mfa_phone_number: "202 555 0162" })],
    [400, "invalid_phone_number_country_code", () => sdk.otps.sms.send({ ...send, mfa_phone_number: "+18765550123" })],
    [404, "phone_number_not_found", () => sdk.otps.sms.send(send)],
    [400, "no_session_arguments", () => sdk.otps.sms.authenticate({ ...send, code: "000000" })],
    [404, "magic_link_not_found", () => sdk.magicLinks.authenticate({ magic_links_token: "A".repeat(44) })],
    [400, "unable_to_parse_session_jwt", () => sdk.sessions.authenticate({ session_jwt: "nonsense" })],
    [401, "unauthorized_credentials", () => client(url, { secret: "secret-test-wrong" }).organizations.get(send)],
  ];
  for (const [status_code, error_type, call] of cases) {
    const error = await call().then(() => assert.fail(`want ${error_type}`), (error) => error);
    assert.deepEqual({ status_code: error.status_code, error_type: error.error_type }, { status_code, error_type });
  }
});
