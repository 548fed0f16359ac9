package vonage

import "github.com/thimble-auth/thimble/internal/sms"

// meaning is what one of Vonage's error codes says about a message, and what follows for us.
type meaning struct {
	class  sms.Class
	reason string
}

// meaningOf reads a refusal of a call. Its title comes first: the API reference numbers refusals otherwise than the
// list of codes does (its example of an invalid message type has 1140, which the list calls a facility not allowed).
func meaningOf(title, code string) (meaning, bool) {
	if m, known := titles[title]; known {
		return m, true
	}
	if m, known := words[code]; known {
		return m, true
	}
	m, known := meanings[code]
	return m, known
}

// titles are those of the refusals in the OpenAPI document of the Messages API (1.20.0, read 2026-11-23).
var titles = map[string]meaning{
	"Unsupported channel":        {sms.OtherRoute, "the channel is not supported"},
	"Invalid channel parameters": {sms.OtherRoute, "a parameter of the channel is not valid"},
	"Invalid sender":             {sms.OtherRoute, "the sender is not valid for texts"},
	"Invalid recipient":          {sms.Permanent, "the recipient's number is not valid"},
	"Invalid message type":       {sms.OtherRoute, "the kind of message is not supported"},
	"Invalid params":             {sms.OtherRoute, "a parameter is not valid"},
	"Invalid client reference":   {sms.OtherRoute, "the client reference is too long"},
	"Rate Limit Hit":             {sms.Later, "too many requests at once"},
}

// words are the codes that every API of Vonage's has (https://developer.vonage.com/en/api-errors, read 2026-11-23).
var words = map[string]meaning{
	"low-balance":           {sms.OtherRoute, "the account has no money left"},
	"unauthorized":          {sms.OtherRoute, "the credentials are wrong"},
	"unathorized":           {sms.OtherRoute, "the credentials are wrong"}, // As the API reference spells it.
	"forbidden":             {sms.OtherRoute, "the account may not do this"},
	"not-found":             {sms.OtherRoute, "the resource does not exist"},
	"unprovisioned":         {sms.OtherRoute, "the credentials are not for this product"},
	"account-suspended":     {sms.OtherRoute, "the account is suspended"},
	"application-suspended": {sms.OtherRoute, "the application is suspended"},
	"jwt-expired":           {sms.OtherRoute, "the token has expired: the clock may be wrong"},
	"jwt-revoked":           {sms.OtherRoute, "the token was revoked"},
	"invalid-api-key":       {sms.OtherRoute, "the API key does not exist"},
	"invalid-params":        {sms.OtherRoute, "a parameter is not valid"},
	"invalid-signature":     {sms.OtherRoute, "the signature is wrong"},
	"invalid-ip":            {sms.OtherRoute, "the account does not allow calls from this address"},
	"multiple-auth-methods": {sms.OtherRoute, "the call has two kinds of credentials"},
	"invalid-id":            {sms.OtherRoute, "an id does not exist"},
	"invalid-json":          {sms.OtherRoute, "the request is not JSON"},
	"throttled":             {sms.Later, "too many requests at once"},
	"wrong-verb":            {sms.OtherRoute, "the method is wrong"},
	"accept-header":         {sms.OtherRoute, "the Accept header is wrong"},
	"content-type-header":   {sms.OtherRoute, "the Content-Type header is wrong"},
	"unavailable-legal":     {sms.OtherRoute, "sanctions forbid the provider to work here"},
}

// meanings holds the codes of https://developer.vonage.com/en/api-errors/messages (read 2026-11-23) but those of mails,
// in our words; 1110 is of an older edition. The class is our decision: what is wrong with the number or the text is
// Permanent; what is wrong with the account, the sender or the carrier's view of the sender is OtherRoute; what passes
// by itself is Later.
var meanings = map[string]meaning{
	"1000": {sms.Later, "too many messages for the account"},
	"1010": {sms.OtherRoute, "a parameter is missing"},
	"1020": {sms.OtherRoute, "a parameter is not valid"},
	"1021": {sms.OtherRoute, "the tag is not valid"},
	"1022": {sms.OtherRoute, "the template is not valid"},
	"1030": {sms.Later, "an error inside the provider"},
	"1040": {sms.OtherRoute, "the provider could not make sense of the message"},
	"1050": {sms.OtherRoute, "the provider has barred the number"},
	"1060": {sms.OtherRoute, "the account is barred"},
	"1070": {sms.OtherRoute, "the account's quota is used up"},
	"1080": {sms.OtherRoute, "the account is not enabled for this API"},
	"1090": {sms.Permanent, "the text is too long"},
	"1100": {sms.Later, "the provider could not reach the carrier"},
	"1110": {sms.OtherRoute, "the signature is wrong"},
	"1120": {sms.OtherRoute, "the sender is not allowed at the recipient's carrier"},
	"1130": {sms.OtherRoute, "the time to live is not valid"},
	"1140": {sms.OtherRoute, "the account lacks a facility"},
	"1150": {sms.OtherRoute, "the message class is not valid"},
	"1160": {sms.OtherRoute, "a trial account may send to listed numbers only"},
	"1170": {sms.Permanent, "the recipient's number is not valid"},
	"1180": {sms.Later, "the handset cannot be reached"},
	"1190": {sms.Permanent, "the number is no longer in use"},
	"1200": {sms.OtherRoute, "the number has moved to another carrier and is not found there"},
	"1210": {sms.OtherRoute, "the carrier took the message for spam"},
	"1220": {sms.Later, "the handset is busy"},
	"1230": {sms.Later, "the carrier's network failed"},
	"1240": {sms.OptedOut, "the recipient has answered STOP"},
	"1241": {sms.Later, "too many messages to numbers like this"},
	"1242": {sms.OtherRoute, "the number pool does not exist"},
	"1250": {sms.OtherRoute, "the provider's route to the number is not available"},
	"1251": {sms.OtherRoute, "the account's rules leave no route to the number"},
	"1260": {sms.OtherRoute, "the number cannot be reached by this route"},
	"1270": {sms.OtherRoute, "the carrier blocked the message for the subscriber's age"},
	"1280": {sms.OtherRoute, "the carrier blocked the message"},
	"1282": {sms.OtherRoute, "the next provider blocked the message"},
	"1290": {sms.Permanent, "the recipient's prepaid account has no money left"},
	"1300": {sms.OtherRoute, "the number is not one of the provider's network"},
	"1310": {sms.OtherRoute, "the recipient's device cannot take the message"},
	"1320": {sms.Permanent, "the message was sent before"},
	"1330": {sms.OtherRoute, "the carrier gave no reason"},
	"1331": {sms.Later, "the next provider does not answer"},
	"1340": {sms.OtherRoute, "the message is outside of its window"},
	"1350": {sms.OtherRoute, "a fee is not paid"},
	"1360": {sms.Permanent, "the time to live was over before the message was delivered"},
	"1370": {sms.OtherRoute, "the access token has expired"},
	"1380": {sms.OtherRoute, "an attachment cannot be read"},
	"1381": {sms.OtherRoute, "an attachment is too large"},
	"1382": {sms.OtherRoute, "an attachment is of an unknown kind"},
	"1400": {sms.OtherRoute, "the channel is not supported"},
	"1410": {sms.OtherRoute, "a parameter of the channel is not valid"},
	"1420": {sms.OtherRoute, "the sender is not valid for texts"},
	"1430": {sms.Permanent, "the recipient's number is not valid"},
	"1431": {sms.OtherRoute, "several recipients are not supported"},
	"1440": {sms.OtherRoute, "the kind of message is not supported"},
	"1450": {sms.OtherRoute, "the client reference is too long"},
	"1451": {sms.OtherRoute, "the message that this one answers is gone"},
	"1460": {sms.OtherRoute, "the sender's limit for the day is used up"},
	"1461": {sms.OtherRoute, "the next provider spares the recipient more messages"},
	"1470": {sms.OtherRoute, "a rule of the account against fraud blocked the message"},
	"1472": {sms.OtherRoute, "the account's limit against bursts is reached"},
	"1473": {sms.OtherRoute, "the message was blocked as inflated traffic"},
	"1474": {sms.OtherRoute, "the account blocks the recipient's country"},
	"1475": {sms.OtherRoute, "the account blocks the recipient's network"},
	"1476": {sms.OtherRoute, "the sender is on a list of numbers that send nothing"},
	"1480": {sms.OtherRoute, "the entity id that the country wants is wrong"},
	"1481": {sms.OtherRoute, "the sender id that the country wants is wrong"},
	"1482": {sms.OtherRoute, "the content id that the country wants is wrong"},
	"1483": {sms.OtherRoute, "the country wants a consent that is not registered"},
	"1484": {sms.OtherRoute, "the message failed a check of the country's rules"},
	"1490": {sms.OtherRoute, "what became of some parts of the message is not known"},
	"2001": {sms.OtherRoute, "the next provider blocked the message as fraud"},
}
