package telnyx

import "github.com/thimble-auth/thimble/internal/sms"

// meaning is what one of Telnyx's error codes says about a message, and what follows for us.
type meaning struct {
	class  sms.Class
	reason string
}

// meanings holds the codes of https://developers.telnyx.com/docs/messaging/messages/error-codes and, of those of
// https://developers.telnyx.com/development/api-fundamentals/api-errors, the ones that a call for a message can give
// (both read 2026-11-23), in our words. The class is our decision: what is wrong with the number or the text is
// Permanent; what is wrong with the account, the sender or the carrier's view of the sender is OtherRoute, also where
// Telnyx would have us repair something first; what passes by itself within seconds is Later.
//
// The page about webhooks gives other words for a few of these codes, 40300 among them. The page about errors and the
// API's own answers agree that it is a STOP.
var meanings = map[string]meaning{
	// Any call of the API.
	"10001": {sms.OtherRoute, "the number is not active"},
	"10002": {sms.OtherRoute, "a number is not valid"},
	"10003": {sms.OtherRoute, "an address is not valid"},
	"10004": {sms.OtherRoute, "a parameter is missing"},
	"10005": {sms.OtherRoute, "the resource does not exist"},
	"10006": {sms.OtherRoute, "an id is not valid"},
	"10007": {sms.Later, "an error inside the provider"},
	"10008": {sms.Later, "the provider ran out of time"},
	"10009": {sms.OtherRoute, "the API key is wrong"},
	"10010": {sms.OtherRoute, "the API key may not do this"},
	"10011": {sms.Later, "too many requests at once"},
	"10015": {sms.OtherRoute, "the request is not well-formed"},
	"10016": {sms.OtherRoute, "a number is not in international form"},
	"20002": {sms.OtherRoute, "the API key was revoked"},
	"20006": {sms.OtherRoute, "the access token has expired"},
	"20012": {sms.OtherRoute, "the account is not active"},
	"20013": {sms.OtherRoute, "the account is blocked"},
	"20014": {sms.OtherRoute, "the account is not verified"},
	"20015": {sms.OtherRoute, "the feature is not enabled for the account"},
	"20016": {sms.OtherRoute, "the account is not verified far enough"},
	"20017": {sms.OtherRoute, "the account is not verified far enough"},
	"20100": {sms.OtherRoute, "the account has no money left"},

	// Delivery: the carrier.
	"40001": {sms.Permanent, "the number is a landline or cannot be routed to"},
	"40002": {sms.OtherRoute, "the message was blocked as spam, for a while"},
	"40003": {sms.OtherRoute, "the sender is blocked as a source of spam"},
	"40004": {sms.OtherRoute, "the recipient's carrier rejected the message without a reason"},
	"40005": {sms.Permanent, "the message expired before it was delivered"},
	"40006": {sms.Later, "the recipient's carrier is down"},
	"40008": {sms.OtherRoute, "the carrier did not take the message"},
	"40009": {sms.OtherRoute, "the carrier rejected the text"},
	"40011": {sms.Later, "too many messages for the carrier"},
	"40012": {sms.Permanent, "the carrier says that the number is not valid"},
	"40013": {sms.OtherRoute, "the carrier rejected the sender"},
	"40014": {sms.Permanent, "the message expired in the provider's queue"},
	"40015": {sms.OtherRoute, "the provider's own filter took the message for spam"},

	// Delivery: registered senders in the United States.
	"40010": {sms.OtherRoute, "the sender is not registered for US business texts"},
	"40016": {sms.OtherRoute, "the carrier's limit for the campaign is used up"},
	"40017": {sms.OtherRoute, "the carrier took the message for spam"},
	"40018": {sms.OtherRoute, "the carrier's limit for the campaign is used up"},
	"40019": {sms.OtherRoute, "the sender's registration does not fit its campaign"},
	"40020": {sms.OtherRoute, "one-time codes are blocked for a day as inflated traffic"},
	"40329": {sms.OtherRoute, "the toll-free sender is not verified"},
	"40330": {sms.OtherRoute, "the toll-free sender is not set up"},

	// The sender's number.
	"40100": {sms.OtherRoute, "the sender is not enabled for messages"},
	"40150": {sms.OtherRoute, "the toll-free sender is not in the registry"},
	"40151": {sms.OtherRoute, "another provider is enabling the sender"},
	"40155": {sms.OtherRoute, "the sender lacks a letter of authorization"},

	// Creating a message: sender and recipient.
	"40300": {sms.OptedOut, "the recipient has answered STOP"},
	"40301": {sms.OtherRoute, "no messages from this kind of sender to this kind of number"},
	"40305": {sms.OtherRoute, "the sender does not belong to the messaging profile"},
	"40306": {sms.OtherRoute, "the messaging profile has no alphanumeric sender"},
	"40307": {sms.OtherRoute, "the alphanumeric sender is not that of the messaging profile"},
	"40308": {sms.OtherRoute, "the sender cannot send multimedia messages"},
	"40309": {sms.OtherRoute, "the messaging profile may not send to the recipient's country"},
	"40310": {sms.Permanent, "the recipient's number is not valid"},
	"40319": {sms.OtherRoute, "no messages from this kind of sender to this kind of number"},
	"40320": {sms.OtherRoute, "the sender cannot be used yet"},
	"40321": {sms.OtherRoute, "the number pool has no usable number"},
	"40325": {sms.OtherRoute, "the alphanumeric sender is not valid"},

	// Creating a message: the text.
	"40302": {sms.Permanent, "the text is too long"},
	"40304": {sms.OtherRoute, "the parameters do not belong together"},
	"40316": {sms.Permanent, "the text is missing"},
	"40317": {sms.OtherRoute, "the media are not valid"},
	"40322": {sms.OtherRoute, "the text was blocked for its content"},
	"40328": {sms.OtherRoute, "the text would be split into too many parts"},

	// Creating a message: the account and its profile.
	"40311": {sms.OtherRoute, "the messaging profile's secret is wrong"},
	"40312": {sms.OtherRoute, "the messaging profile is disabled"},
	"40313": {sms.OtherRoute, "the messaging profile's secret is missing"},
	"40314": {sms.OtherRoute, "messaging is disabled for the account"},
	"40315": {sms.OtherRoute, "the sender is in bad health"},
	"40318": {sms.Later, "the provider's queue is full"},
	"40323": {sms.OtherRoute, "the sender could not be enabled for messages"},
	"40331": {sms.OtherRoute, "the messaging profile names no countries to send to"},
	"40333": {sms.OtherRoute, "the messaging profile's spending limit is reached"},
}

// aboutNumbers are the codes that may speak of either number. Where the answer points at the recipient's, this holds.
var aboutNumbers = map[string]meaning{
	"10001": {sms.Permanent, "the recipient's number is not active"},
	"10002": {sms.Permanent, "the recipient's number is not valid"},
	"10016": {sms.Permanent, "the recipient's number is not in international form"},
}
