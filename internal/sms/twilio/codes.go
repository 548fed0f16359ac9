package twilio

import "github.com/thimble-auth/thimble/internal/sms"

// meaning is what one of Twilio's error codes says about a message, and what follows for us.
type meaning struct {
	class  sms.Class
	reason string
}

// meanings holds every code of Twilio's error dictionary that creating a text or its delivery report can give. The
// meaning is the documented one (https://www.twilio.com/docs/api/errors, read 2026-11-22), in our words. The class is
// our decision: what is wrong with the number or the text is Permanent; what is wrong with the account, the sender or
// the carrier's view of the sender is OtherRoute; what passes by itself is Later.
var meanings = map[int]meaning{
	// Any call of the API.
	10001: {sms.OtherRoute, "the account is not active"},
	10002: {sms.OtherRoute, "a trial account may not do this"},
	20003: {sms.OtherRoute, "the account id or the auth token is wrong"},
	14107: {sms.Later, "too many messages to this number in a short time"},
	20403: {sms.OtherRoute, "the account is suspended or closed"},
	20404: {sms.OtherRoute, "the account or the service does not exist"},
	20422: {sms.OtherRoute, "a parameter is not valid"},
	20429: {sms.Later, "too many requests at once"},
	20500: {sms.Later, "an error inside the provider"},

	// Creating a message: the number.
	21211: {sms.Permanent, "the recipient's number is not valid"},
	21401: {sms.Permanent, "the number is not valid"},
	21408: {sms.OtherRoute, "the account may not send to the recipient's region"},
	21604: {sms.Permanent, "the recipient's number is missing"},
	21608: {sms.OtherRoute, "a trial account may send to verified numbers only"},
	21610: {sms.OptedOut, "the recipient has unsubscribed from this sender"},
	21612: {sms.OtherRoute, "no path from this sender to this number"},
	21614: {sms.Permanent, "the recipient's number is not a mobile number"},

	// Creating a message: the text and its settings.
	21602: {sms.Permanent, "the text is missing"},
	21605: {sms.Permanent, "the text is too long"},
	21609: {sms.OtherRoute, "the callback address is not valid"},
	21617: {sms.Permanent, "the text is too long"},
	21619: {sms.Permanent, "the text is missing"},
	21624: {sms.Permanent, "the validity period is out of range"},
	30045: {sms.Permanent, "the validity period is out of range"},
	90007: {sms.Permanent, "the validity period is out of range"},
	90014: {sms.Permanent, "the validity period is not a positive number"},

	// Creating a message: the sender.
	21212: {sms.OtherRoute, "the sender's number is not valid"},
	21603: {sms.OtherRoute, "the sender is missing"},
	21606: {sms.OtherRoute, "the sender may not send texts from this account"},
	21611: {sms.Later, "the sender's queue is full"},
	21701: {sms.OtherRoute, "the messaging service does not exist"},
	21703: {sms.OtherRoute, "the messaging service has no number that fits"},
	21704: {sms.OtherRoute, "the messaging service has no numbers"},
	21709: {sms.OtherRoute, "the sender name is not allowed for the messaging service"},
	21711: {sms.OtherRoute, "the sender does not belong to the messaging service"},
	21730: {sms.Later, "the provider is under maintenance"},

	// Delivery.
	30001: {sms.Later, "the sender's queue overflowed"},
	30002: {sms.OtherRoute, "the account was suspended"},
	30003: {sms.Later, "the handset cannot be reached"},
	30004: {sms.OtherRoute, "the message was blocked by the recipient or the carrier"},
	30005: {sms.Permanent, "the handset is not known"},
	30006: {sms.Permanent, "the number is a landline or its carrier cannot be reached"},
	30007: {sms.OtherRoute, "the message was filtered as unwanted"},
	30008: {sms.Later, "the carrier gave no reason"},
	30010: {sms.OtherRoute, "the message costs more than allowed"},
	30017: {sms.Later, "the carrier's network is congested"},
	30019: {sms.Permanent, "the content is too large for the carrier"},
	30020: {sms.Later, "an error inside the provider's scheduler"},
	30021: {sms.Later, "an error inside the provider's messaging service"},
	30022: {sms.Later, "the registered campaign's rate limit is used up"},
	30024: {sms.OtherRoute, "the numeric sender is not set up at the carrier"},
	30027: {sms.OtherRoute, "the carrier's daily limit for the brand is used up"},
	30032: {sms.OtherRoute, "the toll-free sender is not verified"},
	30034: {sms.OtherRoute, "the sender is not registered for US business texts"},
	30036: {sms.Permanent, "the validity period ended before the message was sent"},
	30037: {sms.OtherRoute, "sending is switched off for the account"},
	30038: {sms.OtherRoute, "the text was filtered because it holds a one-time code"},
	30040: {sms.OtherRoute, "the carrier wants the sender name registered first"},
	30041: {sms.OtherRoute, "the sender is not registered in the United Kingdom"},
	30042: {sms.OtherRoute, "the sender name is too general or holds special characters"},
	30410: {sms.Later, "the carrier did not answer in time"},
	30450: {sms.OtherRoute, "the message was blocked as likely fraud"},
	30453: {sms.OtherRoute, "the message was blocked"},
	30454: {sms.OtherRoute, "the account's limit of messages is used up"},
	30485: {sms.Later, "the message could not be delivered"},
}
