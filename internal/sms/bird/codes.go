package bird

import "github.com/thimble-auth/thimble/internal/sms"

// meanings holds why messages failed (Bird's OpenAPI document, SMSErrorCode, read 2026-11-23), in our words. The class is
// our decision: what is wrong with the number is Permanent, what passes by itself is Later, and what is wrong with the
// account, the sender, the route or the carrier's view of them is OtherRoute. New ones are for another route.
var meanings = sms.Meanings{
	sms.Permanent: {
		"invalid_destination":  "the recipient's number is not in use or not valid",
		"landline_unreachable": "the recipient's number is a landline that takes no texts",
	},
	sms.OptedOut: {
		"recipient_opted_out": "the recipient has opted out",
	},
	sms.OtherRoute: {
		"blocked_by_carrier":   "the carrier blocked the message",
		"blocked_by_recipient": "the recipient's device blocks the sender",
		"content_rejected":     "the carrier rejected the text",
		"sender_unregistered":  "the sender is not registered for the recipient's country",
		"insufficient_balance": "the account's balance is used up",
		"unknown":              "the message was not delivered",
	},
	sms.Later: {
		"unreachable":          "the handset cannot be reached",
		"provider_unavailable": "an error inside the provider",
	},
}

// refusals are the names of calls that were not taken (the same document, createSMSMessage).
var refusals = sms.Meanings{
	sms.Permanent: {
		"SMSInvalidRecipient": "the recipient's number cannot be routed",
	},
	sms.OtherRoute: {
		"SMSSenderNotConfigured":     "the workspace does not hold the sender",
		"SMSNoEligibleSender":        "no sender of the workspace fits the number",
		"SMSUnsupportedFeature":      "the request has what the provider does not offer",
		"SenderCategoryNotPermitted": "the sender is not registered for codes in the recipient's country",
	},
}
