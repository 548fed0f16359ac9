package config

import "github.com/thimble-auth/thimble/internal/secret"

// Twilio is an account that sends our texts, by each channel that it is given a sender for.
type Twilio struct {
	// Account SID.
	AccountSID string `name:"account-sid" var:"TWILIO_ACCOUNT_SID" placeholder:"AC…"`
	// The auth token itself.
	AuthToken secret.String `name:"auth-token" var:"TWILIO_AUTH_TOKEN" hidden:""`
	// File that holds the auth token. The token itself may be in THIMBLE_TWILIO_AUTH_TOKEN.
	AuthTokenFile string `name:"auth-token-file" var:"TWILIO_AUTH_TOKEN_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name.
	From string `name:"from" var:"TWILIO_FROM" placeholder:"NUMBER"`
	// Messaging service that picks the sender, instead of a number or with one.
	MessagingServiceSID string `name:"messaging-service-sid" var:"TWILIO_MESSAGING_SERVICE_SID" placeholder:"MG…"`
	// Number of a WhatsApp sender, with +. With it, codes can go by WhatsApp.
	WhatsAppFrom string `name:"whatsapp-from" var:"TWILIO_WHATSAPP_FROM" placeholder:"NUMBER"`
	// Approved template of WhatsApp messages, of the kind whatsapp/authentication.
	WhatsAppContentSID string `name:"whatsapp-content-sid" var:"TWILIO_WHATSAPP_CONTENT_SID" placeholder:"HX…"`
	// Number that calls come from, with +. With it, codes can be read aloud.
	VoiceFrom string `name:"voice-from" var:"TWILIO_VOICE_FROM" placeholder:"NUMBER"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"TWILIO_COUNTRIES" placeholder:"CC"`
	// Where Twilio's API is, for tests and regional hosts. Without it, https://api.twilio.com.
	BaseURL string `name:"base-url" var:"TWILIO_BASE_URL" placeholder:"URL"`
}

// Given reports whether there is an account at all.
func (t *Twilio) Given() bool {
	return t.AccountSID != "" || t.AuthToken != "" || t.SMS() || t.WhatsApp() || t.Voice()
}

// SMS reports whether texts are to be sent.
func (t *Twilio) SMS() bool { return t.From != "" || t.MessagingServiceSID != "" }

// WhatsApp reports whether WhatsApp messages are to be sent.
func (t *Twilio) WhatsApp() bool { return t.WhatsAppFrom != "" || t.WhatsAppContentSID != "" }

// Voice reports whether calls are to be made.
func (t *Twilio) Voice() bool { return t.VoiceFrom != "" }

// Vonage is an application that sends our texts, by each channel that it is given a sender for.
type Vonage struct {
	// Application's id.
	ApplicationID string `name:"application-id" var:"VONAGE_APPLICATION_ID" placeholder:"UUID"`
	// The application's private key itself, in PEM.
	PrivateKey secret.String `name:"private-key" var:"VONAGE_PRIVATE_KEY" hidden:""`
	// File that holds the application's private key. The key itself may be in THIMBLE_VONAGE_PRIVATE_KEY.
	PrivateKeyFile string `name:"private-key-file" var:"VONAGE_PRIVATE_KEY_FILE" placeholder:"FILE"`
	// The account's API key. It is no secret.
	APIKey string `name:"api-key" var:"VONAGE_API_KEY" placeholder:"KEY"`
	// The account's API secret itself.
	APISecret secret.String `name:"api-secret" var:"VONAGE_API_SECRET" hidden:""`
	// File that holds the account's API secret. With it, Vonage is told which codes were used: ask its support to enable
	// the Conversion API first. The secret itself may be in THIMBLE_VONAGE_API_SECRET.
	APISecretFile string `name:"api-secret-file" var:"VONAGE_API_SECRET_FILE" placeholder:"FILE"`
	// The account's signature secret itself.
	SignatureSecret secret.String `name:"signature-secret" var:"VONAGE_SIGNATURE_SECRET" hidden:""`
	// File that holds the account's signature secret, by which reports are checked. The secret itself may be in
	// THIMBLE_VONAGE_SIGNATURE_SECRET.
	SignatureSecretFile string `name:"signature-secret-file" var:"VONAGE_SIGNATURE_SECRET_FILE" placeholder:"FILE"`
	// Sender: a number with +, a short code or a name.
	From string `name:"from" var:"VONAGE_FROM" placeholder:"NUMBER"`
	// Number of a WhatsApp sender, with +. With it, codes can go by WhatsApp.
	WhatsAppFrom string `name:"whatsapp-from" var:"VONAGE_WHATSAPP_FROM" placeholder:"NUMBER"`
	// Name of the approved authentication template of WhatsApp messages.
	WhatsAppTemplate string `name:"whatsapp-template" var:"VONAGE_WHATSAPP_TEMPLATE" placeholder:"NAME"`
	// Languages that the template exists in, such as en,pt-br; in others, messages go out in the first. Default: en.
	WhatsAppLanguages []string `name:"whatsapp-languages" var:"VONAGE_WHATSAPP_LANGUAGES" placeholder:"TAG"`
	// Number that calls come from, with +. With it, codes can be read aloud.
	VoiceFrom string `name:"voice-from" var:"VONAGE_VOICE_FROM" placeholder:"NUMBER"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"VONAGE_COUNTRIES" placeholder:"CC"`
	// Where Vonage's API is, for regional hosts and tests. Without it, https://api.nexmo.com.
	BaseURL string `name:"base-url" var:"VONAGE_BASE_URL" placeholder:"URL"`
}

// Given reports whether there is an application at all.
func (v *Vonage) Given() bool {
	return v.ApplicationID != "" || v.PrivateKey != "" || v.APIKey != "" || v.APISecret != "" || v.SignatureSecret != "" ||
		v.SMS() || v.WhatsApp() || v.Voice()
}

// SMS reports whether texts are to be sent.
func (v *Vonage) SMS() bool { return v.From != "" }

// WhatsApp reports whether WhatsApp messages are to be sent.
func (v *Vonage) WhatsApp() bool {
	return v.WhatsAppFrom != "" || v.WhatsAppTemplate != "" || len(v.WhatsAppLanguages) > 0
}

// Voice reports whether calls are to be made.
func (v *Vonage) Voice() bool { return v.VoiceFrom != "" }

// Telnyx is an account that sends our texts.
type Telnyx struct {
	// The API key itself.
	APIKey secret.String `name:"api-key" var:"TELNYX_API_KEY" hidden:""`
	// File that holds the API key. The key itself may be in THIMBLE_TELNYX_API_KEY.
	APIKeyFile string `name:"api-key-file" var:"TELNYX_API_KEY_FILE" placeholder:"FILE"`
	// The account's public key in base64, by which reports are checked. It is no secret.
	PublicKey string `name:"public-key" var:"TELNYX_PUBLIC_KEY" placeholder:"KEY"`
	// Sender: a number with +, a short code or a name. Without it, the messaging profile's number pool chooses one.
	From string `name:"from" var:"TELNYX_FROM" placeholder:"NUMBER"`
	// Messaging profile, which names and number pools need.
	MessagingProfileID string `name:"messaging-profile-id" var:"TELNYX_MESSAGING_PROFILE_ID" placeholder:"UUID"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"TELNYX_COUNTRIES" placeholder:"CC"`
	// Where Telnyx's API is, for tests. Without it, https://api.telnyx.com.
	BaseURL string `name:"base-url" var:"TELNYX_BASE_URL" placeholder:"URL"`
}

// Given reports whether texts can be sent at all.
func (t *Telnyx) Given() bool {
	return t.APIKey != "" || t.PublicKey != "" || t.From != "" || t.MessagingProfileID != ""
}

// AWS is an account in one region that sends our texts.
type AWS struct {
	// Region of the sender, such as eu-west-1.
	Region string `name:"region" var:"AWS_REGION" placeholder:"REGION"`
	// Access key id of an IAM user that may call sms-voice:SendTextMessage and sms-voice:PutMessageFeedback.
	AccessKeyID string `name:"access-key-id" var:"AWS_ACCESS_KEY_ID" placeholder:"AKIA…"`
	// The secret access key itself.
	SecretAccessKey secret.String `name:"secret-access-key" var:"AWS_SECRET_ACCESS_KEY" hidden:""`
	// File that holds the secret access key. The key itself may be in THIMBLE_AWS_SECRET_ACCESS_KEY.
	SecretAccessKeyFile string `name:"secret-access-key-file" var:"AWS_SECRET_ACCESS_KEY_FILE" placeholder:"FILE"`
	// The session token of temporary credentials itself.
	SessionToken secret.String `name:"session-token" var:"AWS_SESSION_TOKEN" hidden:""`
	// File that holds the session token of temporary credentials. The token itself may be in THIMBLE_AWS_SESSION_TOKEN.
	SessionTokenFile string `name:"session-token-file" var:"AWS_SESSION_TOKEN_FILE" placeholder:"FILE"`
	// Sender: a number with +, a sender id or a pool, by id or ARN. Without it, AWS chooses one of the account's.
	From string `name:"from" var:"AWS_FROM" placeholder:"SENDER"`
	// Configuration set whose event destination reports what became of each text.
	ConfigurationSet string `name:"configuration-set" var:"AWS_CONFIGURATION_SET" placeholder:"NAME"`
	// SNS topic of that event destination. Without it, no report is believed.
	TopicARN string `name:"topic-arn" var:"AWS_TOPIC_ARN" placeholder:"arn:aws:sns:…"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"AWS_COUNTRIES" placeholder:"CC"`
	// Where the API is, for tests. Without it, the region's own address.
	BaseURL string `name:"base-url" var:"AWS_BASE_URL" placeholder:"URL"`
}

// Given reports whether texts can be sent at all.
func (a *AWS) Given() bool {
	return a.Region != "" || a.AccessKeyID != "" || a.SecretAccessKey != "" || a.From != "" || a.ConfigurationSet != "" ||
		a.TopicARN != ""
}

// SMPP is an account at a server that speaks SMPP 3.4.
type SMPP struct {
	// Name and port of the server, such as smsc.example.com:2775.
	Address string `name:"address" var:"SMPP_ADDRESS" placeholder:"HOST:PORT"`
	// Encrypt from the first byte on.
	TLS Switch `name:"tls" var:"SMPP_TLS" placeholder:"true"`
	// File with the certificates that the server's is checked by, in PEM. Without it, those that the machine trusts.
	CAFile string `name:"ca-file" var:"SMPP_CA_FILE" placeholder:"FILE"`
	// The account's name.
	SystemID string `name:"system-id" var:"SMPP_SYSTEM_ID" placeholder:"NAME"`
	// The password itself.
	Password secret.String `name:"password" var:"SMPP_PASSWORD" hidden:""`
	// File that holds the password. The password itself may be in THIMBLE_SMPP_PASSWORD.
	PasswordFile string `name:"password-file" var:"SMPP_PASSWORD_FILE" placeholder:"FILE"`
	// What the provider calls the kind of client, if it wants that.
	SystemType string `name:"system-type" var:"SMPP_SYSTEM_TYPE" placeholder:"TYPE"`
	// Sender: a number with +, a short code or a name.
	From string `name:"from" var:"SMPP_FROM" placeholder:"NUMBER"`
	// Type and numbering plan of the sender, where the provider wants others than 1/1 for numbers, 0/0 for short codes and
	// 5/0 for names.
	FromType string `name:"from-type" var:"SMPP_FROM_TYPE" placeholder:"TON/NPI"`
	// The same of the numbers that are texted. Default: 1/1.
	ToType string `name:"to-type" var:"SMPP_TO_TYPE" placeholder:"TON/NPI"`
	// How many texts may wait for their answers at once, 1 to 1000. Default: 50.
	Window Number `name:"window" var:"SMPP_WINDOW" placeholder:"N"`
	// gsm7, which is the default, or latin1, with ucs2 for texts that have other letters; or ucs2 for all.
	Alphabet string `name:"alphabet" var:"SMPP_ALPHABET" placeholder:"NAME"`
	// parts, which is the default, or payload: whether a long text goes in parts or as a whole.
	LongTexts string `name:"long-texts" var:"SMPP_LONG_TEXTS" placeholder:"HOW"`
	// How receipts spell the ids of texts: same, which is the default, hex-decimal where answers are in hexadecimal and
	// receipts in decimal form, or decimal-hex.
	MessageIDs string `name:"message-ids" var:"SMPP_MESSAGE_IDS" placeholder:"HOW"`
	// Countries whose numbers this account serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"SMPP_COUNTRIES" placeholder:"CC"`
}

// Given reports whether there is an account at all.
func (s *SMPP) Given() bool {
	return s.Address != "" || s.SystemID != "" || s.Password != "" || s.From != ""
}

// SMSWebhook is a program of the operator's own that sends our texts.
type SMSWebhook struct {
	// Where texts are posted to, such as https://texts.example.com/send.
	URL string `name:"url" var:"SMS_WEBHOOK_URL" placeholder:"URL"`
	// The secret itself, whsec_ and 24 to 64 bytes in base64. While it is changed, the new and the old one.
	Secret secret.String `name:"secret" var:"SMS_WEBHOOK_SECRET" hidden:""`
	// File that holds the secret that both sides sign with, whsec_ and 24 to 64 bytes in base64; while it is changed, the
	// new and the old one. The secret itself may be in THIMBLE_SMS_WEBHOOK_SECRET.
	SecretFile string `name:"secret-file" var:"SMS_WEBHOOK_SECRET_FILE" placeholder:"FILE"`
	// Allow an address inside this network, and http.
	AllowPrivate Switch `name:"allow-private" var:"SMS_WEBHOOK_ALLOW_PRIVATE" placeholder:"true"`
	// Countries whose numbers the program serves, such as US,CA. Without it, all.
	Countries []string `name:"countries" var:"SMS_WEBHOOK_COUNTRIES" placeholder:"CC"`
}

// Given reports whether texts shall be sent this way.
func (w *SMSWebhook) Given() bool {
	return w.URL != "" || w.Secret != "" || w.AllowPrivate.On || len(w.Countries) > 0
}

// Lookup is a program of the operator's own that says what a number is.
type Lookup struct {
	// Where numbers are posted to, such as https://texts.example.com/lookup.
	URL string `name:"url" var:"LOOKUP_URL" placeholder:"URL"`
	// The secret itself, whsec_ and 24 to 64 bytes in base64. While it is changed, the new and the old one.
	Secret secret.String `name:"secret" var:"LOOKUP_SECRET" hidden:""`
	// File that holds the secret that calls are signed with. The secret itself may be in THIMBLE_LOOKUP_SECRET.
	SecretFile string `name:"secret-file" var:"LOOKUP_SECRET_FILE" placeholder:"FILE"`
	// Allow an address inside this network, and http.
	AllowPrivate Switch `name:"allow-private" var:"LOOKUP_ALLOW_PRIVATE" placeholder:"true"`
	// How many numbers are looked up in a day at most. Default: 1000.
	PerDay Number `name:"per-day" var:"LOOKUP_PER_DAY" placeholder:"N"`
}

// Given reports whether numbers shall be looked up.
func (l *Lookup) Given() bool {
	return l.URL != "" || l.Secret != "" || l.AllowPrivate.On || l.PerDay.N != 0
}

// SMSFile is a file from which another program takes our texts.
type SMSFile struct {
	// File to append texts to, one JSON object per line.
	Path string `name:"file" var:"SMS_FILE" placeholder:"FILE"`
	// Countries whose numbers go there, such as US,CA. Without it, all.
	Countries []string `name:"file-countries" var:"SMS_FILE_COUNTRIES" placeholder:"CC"`
}

// Given reports whether texts shall be sent this way.
func (f *SMSFile) Given() bool { return f.Path != "" || len(f.Countries) > 0 }
