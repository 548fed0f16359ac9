// Package config holds the settings of the server. Flags win over the environment, the environment over the YAML file,
// the file over defaults; whatever is wrong with any of them is reported at once.
//
// The comments of the fields in this file are the manual: --help shows them. A field tagged `var:"NAME"` is read from
// the variable THIMBLE_NAME and from the key of the file that its flag has with underscores, or from nested keys:
// smtp_host and smtp: {host: …} are the same.
package config

import "github.com/thimble-auth/thimble/internal/secret"

// Database says where everything is kept.
type Database struct {
	// Folder for everything that is kept in files.
	Data string `name:"data" var:"DATA" default:"thimble-data" placeholder:"FOLDER"`
	// sqlite:PATH or postgres://USER@HOST/NAME. Without it, sqlite:thimble.db inside the data folder.
	URL secret.String `name:"database" var:"DATABASE_URL" placeholder:"URL"`
	// File that holds the database URL, for URLs with a password.
	URLFile string `name:"database-file" var:"DATABASE_URL_FILE" placeholder:"FILE"`
	// Size of the connection pool. Without it, 3 readers on SQLite and 8 connections on PostgreSQL.
	MaxConns Number `name:"database-connections" var:"DATABASE_CONNECTIONS" placeholder:"N"`
}

// File names the YAML file.
type File struct {
	// YAML file with settings. Its keys are the names of the flags of thimble serve, with underscores.
	Config string `name:"config" var:"CONFIG" placeholder:"FILE"`
}

// Master is the key that the key ring in the database is sealed under.
type Master struct {
	// The master key itself. Other users of the machine can read command lines, so it is no flag that --help shows.
	Key secret.String `name:"master-key" var:"MASTER_KEY" hidden:""`
	// File that holds the master key, as thimble keys master writes it. The key itself may be in THIMBLE_MASTER_KEY.
	File string `name:"master-key-file" var:"MASTER_KEY_FILE" placeholder:"FILE"`
}

// Serve holds the settings of thimble serve.
type Serve struct {
	File
	Database
	// Address and port to listen on. Put a proxy that ends TLS in front of it.
	Listen string `name:"listen" var:"LISTEN" default:"127.0.0.1:8080" placeholder:"ADDRESS"`
	// Address and port of metrics for Prometheus and of the probes, such as 127.0.0.1:9464. Without it, there are none.
	// Whoever reaches it reads the figures of all projects, though nothing about people: keep it inside.
	AdminListen string `name:"admin-listen" var:"ADMIN_LISTEN" placeholder:"ADDRESS"`
	// Where people and providers reach this server, such as https://auth.example.com. Links and callbacks are built from
	// it alone. Needed.
	PublicURL string `name:"public-url" var:"PUBLIC_URL" placeholder:"URL"`
	Master    Master `embed:""`
	// debug, info, warn or error. One JSON line per request is info.
	LogLevel string `name:"log-level" var:"LOG_LEVEL" default:"info" placeholder:"LEVEL"`
	// List of breached passwords to look passwords up in, as the downloader of Have I Been Pwned writes it: one file of
	// lines HASH:COUNT in order, or a folder of ranges. Without it, none is looked up. Nothing leaves this machine.
	BreachFile string `name:"password-breach-file" var:"PASSWORD_BREACH_FILE" placeholder:"PATH"`
	// How long running requests and messages may take to end after SIGTERM, in seconds, 1 to 600.
	Grace   Number  `name:"shutdown-seconds" var:"SHUTDOWN_SECONDS" default:"25" placeholder:"N"`
	Keep    Keep    `embed:"" prefix:"keep-" group:"How long rows are kept, in days. 0 is the default, -1 is for ever."`
	SMTP    SMTP    `embed:"" prefix:"smtp-" group:"Mail. Without it, live projects cannot send any."`
	Twilio  Twilio  `embed:"" prefix:"twilio-" group:"Texts by Twilio. Live projects send texts by one of these providers or several."`
	Vonage  Vonage  `embed:"" prefix:"vonage-" group:"Texts by Vonage."`
	Telnyx  Telnyx  `embed:"" prefix:"telnyx-" group:"Texts by Telnyx."`
	AWS     AWS     `embed:"" prefix:"aws-" group:"Texts by AWS End User Messaging SMS."`
	Plivo   Plivo   `embed:"" prefix:"plivo-" group:"Texts by Plivo."`
	Infobip Infobip `embed:"" prefix:"infobip-" group:"Texts by Infobip."`
	Sinch   Sinch   `embed:"" prefix:"sinch-" group:"Texts by Sinch."`
	Bird    Bird    `embed:"" prefix:"bird-" group:"Texts by Bird."`
	SMPP    SMPP    `embed:"" prefix:"smpp-" group:"Texts by SMPP 3.4, see docs/providers.md."`

	// Which providers carry texts to which numbers, the preferred one first: by country, by prefix, or * for all others,
	// such as US=vonage>twilio,+1876=telnyx,*=twilio. A number that no list fits cannot be texted. Without any list, all
	// providers are asked, in the order of this help.
	SMSRoutes []string `name:"sms-routes" var:"SMS_ROUTES" placeholder:"WHERE=A>B"`
	// true puts those providers first of whose texts more codes were used in the last day, by country, within the lists
	// above. One text in twenty goes to another, so that it can show what it is worth. thimble providers shows what is known.
	SMSLearning Switch `name:"sms-learning" var:"SMS_LEARNING" placeholder:"true"`

	// What texts cost, for budgets: a CSV file of lines provider,country,price,currency such as twilio,US,0.0083,USD, with *
	// for all others, see docs/money.md. Without it, cautious figures of our own.
	SMSPrices string `name:"sms-prices" var:"SMS_PRICES" placeholder:"FILE"`

	Webhooks   Webhooks   `embed:"" prefix:"webhooks-" group:"Telling the events of projects to programs of theirs, see docs/webhooks.md."`
	SMSWebhook SMSWebhook `embed:"" prefix:"sms-webhook-" group:"Texts by a program of your own, see docs/providers.md."`
	SMSFile    SMSFile    `embed:"" prefix:"sms-" group:"Texts into a file, from which a program of your own takes them."`
	Lookup     Lookup     `embed:"" prefix:"lookup-" group:"What numbers are, said by a program of your own, see docs/fraud.md."`
}

// Keep is how long rows are kept after they have lost their use.
type Keep struct {
	// Codes, links and half logins after they expire. Default: 1.
	Codes Number `name:"codes-days" var:"KEEP_CODES_DAYS" placeholder:"N"`
	// Messages, with what became of them, after they were written. Default: 90.
	Messages Number `name:"messages-days" var:"KEEP_MESSAGES_DAYS" placeholder:"N"`
	// Sessions after they end. Default: 30.
	Sessions Number `name:"sessions-days" var:"KEEP_SESSIONS_DAYS" placeholder:"N"`
	// Records of what was done and refused. Default: 400.
	Audit Number `name:"audit-days" var:"KEEP_AUDIT_DAYS" placeholder:"N"`
	// What was told to webhooks, after the last try there can be. Default: 30.
	Webhooks Number `name:"webhooks-days" var:"KEEP_WEBHOOKS_DAYS" placeholder:"N"`
}

// Webhooks says whom events may be told.
type Webhooks struct {
	// true lets projects have webhooks at http:// URLs and in networks of your own, which whoever can call this server then
	// reaches through it.
	AllowPrivate Switch `name:"allow-private" var:"WEBHOOKS_ALLOW_PRIVATE" placeholder:"true"`
}

// SMTP is the server that takes our mails.
type SMTP struct {
	// Name of the mail server, without a port.
	Host string `name:"host" var:"SMTP_HOST" placeholder:"HOST"`
	// Its port. Without it, 587 with starttls, 465 with tls, 25 with plain.
	Port Number `name:"port" var:"SMTP_PORT" placeholder:"N"`
	// starttls, which is the default, tls (from the first byte on) or plain.
	Security string `name:"security" var:"SMTP_SECURITY" placeholder:"HOW"`
	// User name, where the mail server wants one.
	Username string `name:"username" var:"SMTP_USERNAME" placeholder:"NAME"`
	// The password itself.
	Password secret.String `name:"password" var:"SMTP_PASSWORD" hidden:""`
	// File that holds the password. The password itself may be in THIMBLE_SMTP_PASSWORD.
	PasswordFile string `name:"password-file" var:"SMTP_PASSWORD_FILE" placeholder:"FILE"`
	// Sender of all mails, such as Acme <login@example.com>.
	From string `name:"from" var:"SMTP_FROM" placeholder:"ADDRESS"`
	// Name to greet the mail server with. Without it, the host of the public URL.
	Hello string `name:"hello" var:"SMTP_HELLO" placeholder:"NAME"`
}

// Given reports whether mails can be sent at all.
func (s *SMTP) Given() bool { return s.Host != "" }

// Dev holds the settings of thimble dev.
type Dev struct {
	Database
	// Address and port to listen on. Any address but that of this machine alone needs --expose.
	Listen string `name:"listen" var:"LISTEN" default:"127.0.0.1:8080" placeholder:"ADDRESS" manual:"dev"`
	// Address and port of metrics for Prometheus and of the probes, of this machine alone without --expose. Port 0 is
	// one that is free.
	AdminListen string `name:"admin-listen" var:"ADMIN_LISTEN" default:"127.0.0.1:0" placeholder:"ADDRESS" manual:"dev"`
	// Where browsers reach this server, if not at the address that it listens on.
	PublicURL string `name:"public-url" var:"PUBLIC_URL" placeholder:"URL" manual:"dev"`
	// Allow an address that other machines can reach. The credentials are random then, and the inbox asks for them.
	Expose bool `name:"expose"`
}
