package infobip

import "github.com/thimble-auth/thimble/internal/sms"

// meanings holds names of statuses and errors
// (https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11-23, in part as
// clients of the API repeat them), in our words. The class is our decision: what is wrong with the number or the text is
// Permanent, and so is a number that the account's blocklist holds, since people get there who want no texts; what is
// wrong with the account, the sender or the carrier's view of either is OtherRoute; what passes by itself is Later. Of
// errors that are not here, those of the handset say by themselves whether they stay.
var meanings = sms.Meanings{
	sms.Permanent: {
		"REJECTED_PREFIX_MISSING":      "the recipient's number is not valid",
		"REJECTED_DESTINATION":         "the recipient's number is on a blocklist",
		"REJECTED_INVALID_DESTINATION": "the recipient's number is not valid",
		"REJECTED_MESSAGE_TOO_LONG":    "the text is too long",
		"MISSING_TO":                   "the recipient's number is missing",
		"EC_UNKNOWN_SUBSCRIBER":        "the recipient's number is not in use",
	},
	sms.OtherRoute: {
		"REJECTED_NETWORK":                    "the account does not reach the recipient's network",
		"REJECTED_DND":                        "the recipient takes no business texts by this route",
		"REJECTED_SOURCE":                     "the sender is not registered for the account",
		"REJECTED_NOT_ENOUGH_CREDITS":         "the account has no money left",
		"REJECTED_SENDER":                     "the sender is on a blocklist",
		"REJECTED_PREPAID_PACKAGE_EXPIRED":    "the account's credits have expired",
		"REJECTED_DESTINATION_NOT_REGISTERED": "a trial account may send to listed numbers only",
		"REJECTED_ROUTE_NOT_AVAILABLE":        "the account has no route to the number",
		"REJECTED_FLOODING_FILTER":            "too many texts to this number",
		"REJECTED_DUPLICATE_MESSAGE_ID":       "the message's id came before",
		"REJECTED_INVALID_UDH":                "the message is not well-formed",
		"UNDELIVERABLE_REJECTED_OPERATOR":     "the recipient's carrier rejected the message",
		"UNDELIVERABLE_NOT_DELIVERED":         "the recipient's carrier could not deliver the message",
	},
	sms.Later: {
		"REJECTED_SYSTEM_ERROR":           "an error inside the provider",
		"EC_ABSENT_SUBSCRIBER":            "the handset cannot be reached",
		"EC_SM_DF_MEMORYCAPACITYEXCEEDED": "the handset's memory is full",
		"EC_NNR_MTPFAILURE":               "the carrier's network failed",
	},
}
