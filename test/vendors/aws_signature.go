package vendors

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SigV4 gives the signature of a request, computed from the published algorithm
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, read 2026-11-23), apart
// from any library: canonical request, text to sign, derived key. signed are the names of the signed headers in lower
// case and in order; at is the value of X-Amz-Date.
func SigV4(r *http.Request, body []byte, secret, region, service, at string, signed []string) string {
	var headers strings.Builder
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = hostOf(r)
		case "content-length":
			value = strconv.Itoa(len(body)) // Package http keeps it apart from the other headers.
		}
		headers.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	payload := sha256.Sum256(body)
	canonical := strings.Join([]string{
		r.Method, path, canonicalQuery(r.URL.Query()), headers.String(), strings.Join(signed, ";"),
		hex.EncodeToString(payload[:]),
	}, "\n")

	day, _, _ := strings.Cut(at, "T")
	hashed := sha256.Sum256([]byte(canonical))
	scope := day + "/" + region + "/" + service + "/aws4_request"
	text := strings.Join([]string{"AWS4-HMAC-SHA256", at, scope, hex.EncodeToString(hashed[:])}, "\n")

	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		for _, value := range values {
			pair := url.QueryEscape(name) + "=" + url.QueryEscape(value)
			pairs = append(pairs, strings.ReplaceAll(pair, "+", "%20"))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}

// judgeSignature gives the name of the error that a request is refused with, or "".
func (a *AWS) judgeSignature(r *http.Request, body []byte) string {
	rest, found := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !found {
		return "MissingAuthenticationTokenException"
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	at := r.Header.Get("X-Amz-Date")
	moment, err := time.Parse("20060102T150405Z", at)
	scope := strings.Split(parts["Credential"], "/")
	signed := strings.Split(parts["SignedHeaders"], ";")
	if err != nil || len(scope) != 5 || !slices.IsSorted(signed) || !a.signsEnough(r, signed) {
		return "IncompleteSignatureException"
	}
	if scope[0] != a.Key || r.Header.Get("X-Amz-Security-Token") != a.Session {
		return "UnrecognizedClientException"
	}
	if skew := time.Since(moment); skew > 5*time.Minute || skew < -5*time.Minute {
		return "InvalidSignatureException"
	}
	right := slices.Equal(scope[1:], []string{at[:8], a.Region, "sms-voice", "aws4_request"})
	want := SigV4(r, body, a.Secret, a.Region, "sms-voice", at, signed)
	if !right || !hmac.Equal([]byte(want), []byte(parts["Signature"])) {
		return "InvalidSignatureException"
	}
	return ""
}

// signsEnough reports whether the host and every header of AWS's own are signed, as the algorithm demands.
func (a *AWS) signsEnough(r *http.Request, signed []string) bool {
	if !slices.Contains(signed, "host") {
		return false
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return false
		}
	}
	return true
}
