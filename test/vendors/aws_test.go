package vendors_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thimble-auth/thimble/test/vendors"
)

// TestSigV4 holds the fake's own signature against the worked example of the documentation
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html and the public copies of its
// numbers, read 2026-11-23).
func TestSigV4(t *testing.T) {
	t.Parallel()
	address := "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	got := vendors.SigV4(r, nil, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "iam", "20150830T123600Z",
		[]string{"content-type", "host", "x-amz-date"})
	if want := "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

// awsCall signs a call by the published algorithm and gives the status and the name of the error.
func awsCall(t *testing.T, fake *vendors.AWS, target string, in any, change func(*http.Request)) (int, string) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sms-voice.eu-west-1.amazonaws.com/",
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Format("20060102T150405Z")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Date", at)
	r.Header.Set("X-Amz-Target", "PinpointSMSVoiceV2."+target)
	signed := []string{"host", "x-amz-date", "x-amz-target"}
	signature := vendors.SigV4(r, body, fake.Secret, fake.Region, "sms-voice", at, signed)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+fake.Key+"/"+at[:8]+"/"+fake.Region+
		"/sms-voice/aws4_request, SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
	if change != nil {
		change(r)
	}
	res, err := fake.RoundTripper().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Type string `json:"__type"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	_, name, _ := strings.Cut(answer.Type, "#")
	return res.StatusCode, name
}

// TestAWSDocumentedRequest: the fake takes the documentation's own request.
func TestAWSDocumentedRequest(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "internal", "sms", "aws", "testdata", "request.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Request map[string]any }
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	fake := vendors.NewAWS()
	fake.Froms, fake.Sets = []string{"+12065550183"}, []string{"MyConfigurationSet"}
	if status, name := awsCall(t, fake, "SendTextMessage", golden.Request, nil); status != http.StatusOK {
		t.Fatalf("status %d, %s", status, name)
	}
	if seen := fake.Texts()[0]; seen.To != "+14255550168" || seen.Context["key1"] != "value1" || seen.Validity != 120 {
		t.Errorf("seen %+v", seen)
	}
	golden.Request["DryRun"] = true
	if status, _ := awsCall(t, fake, "SendTextMessage", golden.Request, nil); status != http.StatusOK ||
		len(fake.Texts()) != 1 {
		t.Errorf("a dry run: status %d, %d texts", status, len(fake.Texts()))
	}
}

func TestAWSStrictness(t *testing.T) {
	t.Parallel()
	good := map[string]any{"DestinationPhoneNumber": "+12025550123", "MessageBody": "Hello"}
	for name, tt := range map[string]struct {
		field  string
		value  any
		change func(*http.Request)
		want   string
	}{
		"good":         {"TimeToLive", 5, nil, ""},
		"little time":  {"TimeToLive", 4, nil, "ValidationException"},
		"much time":    {"TimeToLive", 259201, nil, "ValidationException"},
		"half a time":  {"TimeToLive", 5.5, nil, "SerializationException"},
		"strange type": {"MessageType", "URGENT", nil, "ValidationException"},
		"misspelt":     {"Timetolive", 5, nil, "SerializationException"},
		"lower case":   {"timeToLive", 5, nil, "SerializationException"},
		"unknown":      {"Sender", "x", nil, "SerializationException"},
		"six keys": {
			"Context", map[string]string{"1": "1", "2": "1", "3": "1", "4": "1", "5": "1", "6": "1"}, nil, "ValidationException",
		},
		"empty value":  {"Context", map[string]string{"1": ""}, nil, "ValidationException"},
		"space in key": {"Context", map[string]string{"a b": "1"}, nil, "ValidationException"},

		"no signature":     {"DryRun", false, header("Authorization", ""), "MissingAuthenticationTokenException"},
		"another target":   {"DryRun", false, header("X-Amz-Target", "SendVoiceMessage"), "InvalidSignatureException"},
		"another moment":   {"DryRun", false, header("X-Amz-Date", "20150830T123600Z"), "InvalidSignatureException"},
		"no moment":        {"DryRun", false, header("X-Amz-Date", ""), "IncompleteSignatureException"},
		"unsigned header":  {"DryRun", false, header("X-Amz-Extra", "1"), "IncompleteSignatureException"},
		"another type":     {"DryRun", false, header("Content-Type", "application/json"), "UnknownOperationException"},
		"foreign session":  {"DryRun", false, header("X-Amz-Security-Token", "x"), "IncompleteSignatureException"},
		"another audience": {"DryRun", false, func(r *http.Request) { r.Host = "x.example" }, "InvalidSignatureException"},
	} {
		in := maps.Clone(good)
		in[tt.field] = tt.value
		status, got := awsCall(t, vendors.NewAWS(), "SendTextMessage", in, tt.change)
		if got != tt.want || (status == http.StatusOK) != (tt.want == "") {
			t.Errorf("%s: status %d %s, want %s", name, status, got, tt.want)
		}
	}
	if _, got := awsCall(t, vendors.NewAWS(), "SendFax", good, nil); got != "UnknownOperationException" {
		t.Errorf("another call: %s", got)
	}
	feedback := map[string]any{"MessageId": "x", "MessageFeedbackStatus": "RECEIVED"}
	if _, got := awsCall(t, vendors.NewAWS(), "PutMessageFeedback", feedback, nil); got != "ResourceNotFoundException" {
		t.Errorf("feedback on nothing: %s", got)
	}
	feedback["MessageFeedbackStatus"] = "READ"
	if _, got := awsCall(t, vendors.NewAWS(), "PutMessageFeedback", feedback, nil); got != "ValidationException" {
		t.Errorf("strange feedback: %s", got)
	}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
