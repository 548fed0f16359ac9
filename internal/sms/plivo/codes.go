package plivo

import "github.com/thimble-auth/thimble/internal/sms"

// meanings holds the codes of reports (https://www.plivo.com/docs/messaging/troubleshooting/error-codes and
// https://www.plivo.com/blog/introducing-sms-error-codes; 300, 420, 900 and 910 are those of Plivo's older reference,
// https://api-reference.plivo.com/latest/curl/resources/message/sms-error-codes, as a client of it repeats them; all read
// 2026-11-23), in our words. The class is our decision: what is wrong with the number or the text is Permanent; what is
// wrong with the account, the sender or the carrier's view of either is OtherRoute; what passes by itself is Later.
var meanings = sms.Meanings{
	sms.Permanent: {
		"50":  "the recipient's number is not valid, or takes no texts",
		"70":  "the recipient's number is not in use any more",
		"110": "the text is too long",
		"420": "the message expired before it was delivered",
	},
	sms.OtherRoute: {
		"10":   "the carrier says that the message is not valid",
		"30":   "the carrier took the message for spam",
		"40":   "the sender is not valid, or does not belong to the account",
		"60":   "the carrier saw the message go in circles",
		"90":   "the provider has no route to the number",
		"100":  "the recipient's carrier does not take such messages",
		"201":  "no messages from toll-free senders of the United States to Canada",
		"300":  "the provider could not hand the message on",
		"900":  "the account has no money left",
		"910":  "the account is disabled",
		"1000": "the carrier gave no reason",
	},
	sms.Later: {
		"20": "the carrier's network failed",
		"80": "the handset cannot be reached",
	},
	sms.OptedOut: {
		"200": "the recipient has answered STOP",
	},
}
