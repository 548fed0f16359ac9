package sinch

import "github.com/thimble-auth/thimble/internal/sms"

// meanings holds the codes of reports (https://github.com/sinch/docs, Delivery Reports and the status reports' error codes
// of its SMPP documentation, which the REST API shares, read 2026-11-23), in our words. The class is our decision: what is
// wrong with the number or the text is Permanent; what is wrong with the account, the sender, the route or the carrier's
// view of them is OtherRoute, though Sinch treats much of it as permanent; what passes by itself is Later. Codes that are
// not here are for another route.
var meanings = sms.Meanings{
	sms.Permanent: {
		"9":   "the recipient's number is of no known plan",
		"10":  "the recipient's number is of a kind that takes no texts",
		"12":  "the recipient's number is in no known zone",
		"100": "the recipient's number is not in use",
		"108": "the recipient's number is not valid",
		"150": "the recipient's number is not in use",
		"152": "the recipient's number takes no texts",
		"204": "the recipient's device takes no texts",
		"406": "the message expired before it was delivered",
	},
	sms.OtherRoute: {
		"11":  "the message was not delivered",
		"15":  "the message was blocked as spam",
		"16":  "the recipient's network is blocked",
		"17":  "the recipient's network is not known",
		"19":  "the sender's location does not fit",
		"60":  "the sender is blocked",
		"61":  "the recipient's number is blocked by the account or the provider",
		"62":  "the text was blocked for its words",
		"64":  "the account's quota is used up",
		"65":  "the carrier saw the message go in circles",
		"110": "the carrier rejected the message",
		"151": "the recipient's number is barred",
		"160": "the carrier rejected the message",
		"205": "the recipient's subscription failed its authentication",
		"206": "the recipient's device is on a blocklist",
		"213": "the carrier rejected the message",
		"402": "the provider has no route to the number",
		"405": "a parameter of the text has no value",
		"407": "the message was cancelled",
		"408": "the provider's network rejected the message",
		"410": "the service plan has no default sender for the number",
		"411": "the text would be split into too many parts",
		"412": "the account is not set up for the recipient's region",
	},
	sms.Later: {
		"14":  "the recipient's network could not be found out",
		"18":  "an error inside the provider",
		"40":  "an error inside the provider",
		"102": "the carrier's network failed",
		"107": "the carrier's network is congested",
		"153": "the handset cannot be reached",
		"155": "the carrier's network failed",
		"158": "the handset's memory is full",
		"159": "the handset cannot be reached",
		"201": "the handset cannot be reached",
		"202": "the handset cannot be reached",
		"203": "the handset is busy",
		"207": "the carrier's network failed",
		"210": "the handset's memory is full",
		"403": "an error inside the provider",
		"404": "the message could not be delivered for now",
	},
}
