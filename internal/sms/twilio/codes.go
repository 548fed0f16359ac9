package twilio

import "github.com/thimble-auth/thimble/internal/sms"

// meaning is what one of Twilio's error codes says about a message, and what follows for us.
type meaning struct {
	class  sms.Class
	reason string
}

// meanings holds every code of Twilio's error dictionary that creating a text or its delivery report can give, and
// those of WhatsApp messages and calls that it tells apart. The meaning is the documented one
// (https://www.twilio.com/docs/api/errors, read 2026-11-22 and 2026-11-23), in our words. The class is our decision:
// what is wrong with the number or the text is Permanent; what is wrong with the account, the sender or the carrier's
// view of the sender is OtherRoute; what passes by itself is Later.
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

	// Creating a message: a template.
	21654: {sms.OtherRoute, "the template is missing"},
	21655: {sms.OtherRoute, "the template is not valid"},
	21656: {sms.OtherRoute, "the template's variables are not valid"},
	21658: {sms.OtherRoute, "a parameter is too long"},
	21910: {sms.OtherRoute, "sender and recipient are not of the same channel"},

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

	// WhatsApp, creation and delivery. Whatever WhatsApp has against a number, a text or a call may reach it.
	63001: {sms.OtherRoute, "WhatsApp did not accept the sender's credentials"},
	63002: {sms.OtherRoute, "the sender is not known to WhatsApp"},
	63003: {sms.OtherRoute, "the number is not known to WhatsApp"},
	63005: {sms.OtherRoute, "WhatsApp did not accept the content"},
	63007: {sms.OtherRoute, "the sender is not a WhatsApp sender of the account"},
	63009: {sms.Later, "an error inside WhatsApp"},
	63010: {sms.Later, "an error inside the provider"},
	63012: {sms.Later, "an error inside WhatsApp"},
	63013: {sms.OtherRoute, "the message violates WhatsApp's policy"},
	63014: {sms.OtherRoute, "the recipient has blocked the sender on WhatsApp"},
	63015: {sms.OtherRoute, "the sandbox may send to numbers only that have joined it"},
	63016: {sms.OtherRoute, "WhatsApp wants a template"},
	63018: {sms.Later, "too many WhatsApp messages at once"},
	63021: {sms.OtherRoute, "WhatsApp did not accept the content"},
	63023: {sms.OtherRoute, "WhatsApp refused the message"},
	63024: {sms.OtherRoute, "the number has no WhatsApp that takes the message"},
	63027: {sms.OtherRoute, "the template does not exist in its language"},
	63028: {sms.OtherRoute, "the template has another number of parameters"},
	63030: {sms.OtherRoute, "a parameter is not supported by WhatsApp"},
	63031: {sms.OtherRoute, "sender and recipient are the same"},
	63032: {sms.OtherRoute, "WhatsApp does not deliver to this recipient"},
	63036: {sms.OtherRoute, "the number cannot be reached on this channel"},
	63038: {sms.OtherRoute, "the account's limit of messages for the day is used up"},
	63040: {sms.OtherRoute, "WhatsApp has rejected the template"},
	63041: {sms.OtherRoute, "WhatsApp has paused the template"},
	63042: {sms.OtherRoute, "WhatsApp has disabled the template"},
	63049: {sms.OtherRoute, "WhatsApp chose not to deliver the message"},

	// Creating a call. What is wrong with a number for calls is left open for texts, unless it is no number at all.
	21201: {sms.Permanent, "the recipient's number is missing"},
	21202: {sms.OtherRoute, "the number is a premium number"},
	21203: {sms.OtherRoute, "the account may not call abroad"},
	21205: {sms.OtherRoute, "an address is not valid"},
	21208: {sms.OtherRoute, "the time for ringing is not valid"},
	21210: {sms.OtherRoute, "the sender is not a number of the account"},
	21213: {sms.OtherRoute, "the sender is missing"},
	21215: {sms.OtherRoute, "the account may not call the recipient's region"},
	21216: {sms.OtherRoute, "the provider blocks calls to the number"},
	21217: {sms.Permanent, "the number is not valid"},
	21219: {sms.OtherRoute, "a trial account may call verified numbers only"},
}
