package vendors_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/vendors"
)

const dial = "https://api.twilio.com/2010-04-01/Accounts/" + vendors.TwilioAccount + "/Calls.json"

// TestStrictChannels: what the real Twilio would refuse, and misspelt parameters, which it would pass over.
func TestStrictChannels(t *testing.T) {
	t.Parallel()
	call := url.Values{
		"To": {"+12025550123"}, "From": {vendors.TwilioVoice},
		"Twiml": {`<Response><Pause length="1"/><Say language="en-US">Hello</Say></Response>`},
	}
	chat := url.Values{
		"To": {"whatsapp:+12025550123"}, "From": {"whatsapp:" + vendors.TwilioWhatsApp},
		"ContentSid": {vendors.TwilioContent}, "ContentVariables": {`{"1":"123456"}`},
	}
	for name, tt := range map[string]struct {
		good        url.Values
		name, value string
		status      int
		code        float64
	}{
		"call":               {call, "Timeout", "600", 201, 0},
		"endless ringing":    {call, "Timeout", "601", 400, 21208},
		"no ringing":         {call, "Timeout", "0", 400, 21208},
		"misspelt parameter": {call, "TwiML", "<Response/>", 400, 20422},
		"nothing said":       {call, "Twiml", "<Response></Response>", 400, 20422},
		"no document":        {call, "Twiml", "Hello", 400, 20422},
		"two documents":      {call, "Twiml", `<Response><Say language="en-US">a</Say></Response><Response/>`, 400, 20422},
		"strange language":   {call, "Twiml", `<Response><Say language="fa-IR">a</Say></Response>`, 400, 20422},
		"short pause": {
			call, "Twiml", `<Response><Pause length="0.5"/><Say language="en-US">a</Say></Response>`, 400, 20422,
		},
		"strange event":      {call, "StatusCallbackEvent", "busy", 400, 20422},
		"WhatsApp":           {chat, "ValidityPeriod", "60", 201, 0},
		"WhatsApp to a text": {chat, "To", "+12025550123", 400, 21910},
		"text to WhatsApp":   {chat, "From", vendors.TwilioFrom, 400, 21910},
		"free words":         {chat, "Body", "Hello", 400, 63016},
		"two variables":      {chat, "ContentVariables", `{"1":"1","2":"2"}`, 400, 63028},
		"no variables":       {chat, "ContentVariables", "", 400, 63028},
		"bad variables":      {chat, "ContentVariables", `{"1":1}`, 400, 21656},
	} {
		form := url.Values{}
		for parameter, values := range tt.good {
			form[parameter] = values
		}
		form.Set(tt.name, tt.value)
		address := create
		if tt.good.Has("Twiml") {
			address = dial
		}
		status, answer := post(t, vendors.NewTwilio(), address, form)
		code, _ := answer["code"].(float64)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: %d %v, want %d %v", name, status, code, tt.status, tt.code)
		}
	}
}

// TestDocumentedCall: the answer to a call has the fields of the documented one.
func TestDocumentedCall(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "internal", "sms", "twilio", "testdata", "call.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Request map[string]string
		Answer  map[string]any
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	fake := vendors.NewTwilio()
	fake.Voices = []string{golden.Request["From"]}
	status, answer := post(t, fake, dial, url.Values{
		"To": {golden.Request["To"]}, "From": {golden.Request["From"]},
		"Twiml": {`<Response><Say language="en-US">Hello</Say></Response>`},
	})
	if status != http.StatusCreated {
		t.Fatalf("status %d, %v", status, answer)
	}
	for field := range golden.Answer {
		// The example is old: the two formatted numbers have got other names since.
		if _, there := answer[field]; !there && !strings.HasPrefix(field, "formatted_") {
			t.Errorf("no field %s", field)
		}
	}
}
