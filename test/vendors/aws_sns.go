package vendors

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Version 1 of the signatures of SNS.
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"
)

// snsSigner is a key with its certificate. All fakes share one: to make an RSA key takes long.
type snsSigner struct {
	key  *rsa.PrivateKey
	cert []byte
}

// The life of the certificate. The clock of a bubble begins in 2000.
var (
	snsFrom = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	snsTo   = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
)

var newSigner = sync.OnceValue(func() *snsSigner {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: snsFrom, NotAfter: snsTo,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &snsSigner{key: key, cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
})

const snsCertificate = "/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem"

func (a *AWS) snsHost() string { return "sns." + a.Region + ".amazonaws.com" }

// CertificateURL is where the fake's certificate is.
func (a *AWS) CertificateURL() string { return "https://" + a.snsHost() + snsCertificate }

// serveSNS gives out the certificate and confirms subscriptions
// (https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html).
func (a *AWS) serveSNS(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := r.URL.Query()
	switch {
	case r.Method != http.MethodGet || r.URL.Scheme != "https":
		w.WriteHeader(http.StatusMethodNotAllowed)
	case a.broken != 0:
		w.WriteHeader(a.broken)
	case r.URL.Path == snsCertificate && r.URL.RawQuery == "":
		a.fetched++
		_, _ = w.Write(a.signer.cert)
	case r.URL.Path == "/" && q.Get("Action") == "ConfirmSubscription" && q.Get("TopicArn") == a.Topic &&
		q.Get("Token") != "":
		a.confirmed++
		_, _ = io.WriteString(w, "<ConfirmSubscriptionResponse/>")
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// Event is the event of a text, as the service publishes it. The price is that of the documentation's example.
func (a *AWS) Event(text AWSText, kind string, final bool) map[string]any {
	status := strings.TrimPrefix(kind, "TEXT_")
	event := map[string]any{
		"eventType": kind, "eventVersion": "1.0", "eventTimestamp": time.Now().UnixMilli(), "isFinal": final,
		"originationPhoneNumber": text.From, "destinationPhoneNumber": text.To, "isInternationalSend": false,
		"messageId": text.ID, "messageRequestTimestamp": text.At.UnixMilli(), "messageEncoding": "GSM",
		"messageType": text.Type, "messageStatus": status, "messageStatusDescription": "About " + text.To,
		"totalMessageParts": 1, "totalMessagePrice": 0.09582, "totalCarrierFee": 0.0,
	}
	if text.Context != nil {
		event["context"] = text.Context
	}
	return event
}

// Publish makes the request with which SNS posts an event to an address, signed.
func (a *AWS) Publish(address string, event map[string]any) *http.Request {
	message, _ := json.Marshal(event)
	return a.Post(address, a.Sign(a.Envelope("Notification", string(message)), "1"))
}

// Subscribe makes the request with which SNS asks an address to confirm that it is subscribed.
func (a *AWS) Subscribe(address string) *http.Request {
	return a.Post(address, a.Sign(a.Envelope("SubscriptionConfirmation", "You have chosen to subscribe."), "1"))
}

// Envelope makes what SNS wraps a message in, unsigned.
func (a *AWS) Envelope(kind, message string) map[string]string {
	e := map[string]string{
		"Type": kind, "MessageId": newMessageID(), "TopicArn": a.Topic, "Message": message,
		"Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "SigningCertURL": a.CertificateURL(),
	}
	base := "https://" + a.snsHost() + "/?"
	if kind == "Notification" {
		e["UnsubscribeURL"] = base + "Action=Unsubscribe&SubscriptionArn=" + a.Topic + ":c9135db0"
		return e
	}
	e["Token"] = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92"
	e["SubscribeURL"] = base + "Action=ConfirmSubscription&TopicArn=" + a.Topic + "&Token=" + url.QueryEscape(e["Token"])
	return e
}

// Sign adds the signature of a version, 1 or 2. It is written apart from the adapter's check, so that one tests the
// other.
func (a *AWS) Sign(e map[string]string, version string) map[string]string {
	e["SignatureVersion"] = version
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if e["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	var text bytes.Buffer
	for _, name := range names {
		if value, there := e[name]; there {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	var signature []byte
	var err error
	if version == "1" {
		sum := sha1.Sum(text.Bytes()) //nolint:gosec // See the import.
		signature, err = rsa.SignPKCS1v15(nil, a.signer.key, crypto.SHA1, sum[:])
	} else {
		sum := sha256.Sum256(text.Bytes())
		signature, err = rsa.SignPKCS1v15(nil, a.signer.key, crypto.SHA256, sum[:])
	}
	if err != nil {
		panic(err)
	}
	e["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return e
}

// Post makes the request of an envelope, with the headers of SNS.
func (a *AWS) Post(address string, e map[string]string) *http.Request {
	body, _ := json.Marshal(e)
	r := httptest.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	r.RequestURI = "" // Set for handlers; a client must not send it.
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	r.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	r.Header.Set("X-Amz-Sns-Message-Type", e["Type"])
	r.Header.Set("X-Amz-Sns-Message-Id", e["MessageId"])
	r.Header.Set("X-Amz-Sns-Topic-Arn", e["TopicArn"])
	return r
}
