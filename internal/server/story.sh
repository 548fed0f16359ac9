(
api='{{.URL}}'
auth='{{.ProjectID}}:{{.Secret}}'
org='{{.OrganizationID}}'
member='{{.MemberID}}'
email='{{.Email}}'
phone='{{.Phone}}'
post() { curl -sS -u "$auth" -H 'Content-Type: application/json' -d "$2" "$api$1"; }
newest() { curl -sS -u "$auth" -G --data-urlencode "to=$1" -d limit=1 "$api/dev/messages"; }
field() { printf '%s\n' "$2" | sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'; }
show() { if [ -n "$2" ]; then echo "$1 $2"; else echo "$1 failed: $3"; exit 1; fi; }

a=$(post /v1/b2b/magic_links/email/login_or_signup '{"organization_id":"'"$org"'","email_address":"'"$email"'"}')
show '1. a link was mailed to member' "$(field member_id "$a")" "$a"

a=$(newest "$email")
link=$(printf '%s\n' "$a" | sed -n 's/.*token=\([A-Za-z0-9_-]\{44\}\).*/\1/p')
show '2. the inbox has it, with the token' "$link" "$a"

a=$(post /v1/b2b/magic_links/authenticate '{"magic_links_token":"'"$link"'"}')
ist=$(field intermediate_session_token "$a")
show '3. the link is right, a second factor is missing, go on with' "$ist" "$a"

a=$(post /v1/b2b/otps/sms/send '{"organization_id":"'"$org"'","member_id":"'"$member"'","mfa_phone_number":"'"$phone"'","intermediate_session_token":"'"$ist"'"}')
show '4. a code was sent, to the number' "$(field mfa_phone_number "$a")" "$a"

a=$(newest "$phone")
code=$(printf '%s\n' "$a" | sed -n 's/.*"body":"[^0-9"]*\([0-9]\{6\}\).*/\1/p')
show '5. the inbox has it:' "$code" "$a"

a=$(post /v1/b2b/otps/sms/authenticate '{"organization_id":"'"$org"'","member_id":"'"$member"'","code":"'"$code"'","intermediate_session_token":"'"$ist"'"}')
token=$(field session_token "$a")
show '6. the code is right, the session token is' "$token" "$a"

a=$(post /v1/b2b/sessions/authenticate '{"session_token":"'"$token"'"}')
show '7. logged in, with the session' "$(field member_session_id "$a")" "$a"
)
