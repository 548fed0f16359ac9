package aws

import (
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"github.com/thimble-auth/thimble/internal/sms"
)

// meaning is what one of the service's codes says about a message, and what follows for us.
type meaning struct {
	class  sms.Class
	reason string
}

// The classes are our decision: what is wrong with the number or the text is Permanent; what is wrong with the account,
// the sender or the carrier's view of the sender is OtherRoute; what passes by itself is Later.

// failures holds the events about texts that did not arrive
// (https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html, read 2026-11-23).
var failures = map[string]meaning{
	"TEXT_INVALID":             {sms.Permanent, "the recipient's number is not valid"},
	"TEXT_INVALID_MESSAGE":     {sms.Permanent, "the text is not valid"},
	"TEXT_TTL_EXPIRED":         {sms.Permanent, "the validity period ended before the message was sent"},
	"TEXT_UNREACHABLE":         {sms.Later, "the handset cannot be reached"},
	"TEXT_CARRIER_UNREACHABLE": {sms.Later, "the carrier's network has a passing fault"},
	"TEXT_UNKNOWN":             {sms.Later, "the carrier gave no reason"},
	"TEXT_BLOCKED":             {sms.OtherRoute, "the message was blocked by the recipient's handset or carrier"},
	"TEXT_CARRIER_BLOCKED":     {sms.OtherRoute, "the message was blocked by the carrier"},
	"TEXT_SPAM":                {sms.OtherRoute, "the message was filtered as unwanted"},
	"TEXT_PROTECT_BLOCKED":     {sms.OtherRoute, "the message was blocked by the account's protect configuration"},
}

// exceptions holds the errors of a call by their names: those of the service
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html#API_SendTextMessage_Errors)
// and those of every service
// (https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/CommonErrors.html), read 2026-11-23.
var exceptions = map[string]meaning{
	"AccessDeniedException":         {sms.OtherRoute, "the credentials may not do this"},
	"ConflictException":             {sms.OtherRoute, "the account is not set up for this message"},
	"InternalServerException":       {sms.Later, "an error inside the provider"},
	"ResourceNotFoundException":     {sms.OtherRoute, "the sender or the configuration set does not exist"},
	"ServiceQuotaExceededException": {sms.OtherRoute, "a quota of the account is used up"},
	"ThrottlingException":           {sms.Later, "too many requests at once"},
	"ValidationException":           {sms.OtherRoute, "a parameter is not valid"},

	"ExpiredTokenException":               {sms.OtherRoute, "the temporary credentials have ended"},
	"IncompleteSignature":                 {sms.OtherRoute, "the signature was not accepted"},
	"IncompleteSignatureException":        {sms.OtherRoute, "the signature was not accepted"},
	"InternalFailure":                     {sms.Later, "an error inside the provider"},
	"InvalidAction":                       {sms.OtherRoute, "the region does not offer the service"},
	"InvalidClientTokenId":                {sms.OtherRoute, "the access key does not exist"},
	"InvalidSignatureException":           {sms.OtherRoute, "the secret access key or this server's clock is wrong"},
	"MissingAuthenticationToken":          {sms.OtherRoute, "the signature was not accepted"},
	"MissingAuthenticationTokenException": {sms.OtherRoute, "the signature was not accepted"},
	"NotAuthorized":                       {sms.OtherRoute, "the credentials may not do this"},
	"OptInRequired":                       {sms.OtherRoute, "the account has not signed up for the service"},
	"RequestExpired":                      {sms.OtherRoute, "this server's clock is wrong"},
	"SerializationException":              {sms.OtherRoute, "the request was not understood"},
	"ServiceUnavailable":                  {sms.Later, "the provider is out of service"},
	"UnknownOperationException":           {sms.OtherRoute, "the region does not offer the service"},
	"UnrecognizedClientException":         {sms.OtherRoute, "the access key does not exist"},
	"ValidationError":                     {sms.OtherRoute, "a parameter is not valid"},
}

// reasons holds those reasons of the service's errors that say more than the error itself. All others are about calls
// that we do not make.
var reasons = map[string]meaning{
	string(types.ConflictExceptionReasonDestinationPhoneNumberOptedOut): {
		sms.OptedOut, "the recipient has unsubscribed from this sender",
	},
	string(types.ConflictExceptionReasonDestinationPhoneNumberNotVerified): {
		sms.OtherRoute, "an account in the sandbox may send to verified numbers only",
	},
	string(types.ConflictExceptionReasonDestinationCountryBlockedByProtectConfiguration): {
		sms.OtherRoute, "the recipient's country is blocked by the account's protect configuration",
	},
	string(types.ConflictExceptionReasonDestinationPhoneNumberBlockedByProtectNumberOverride): {
		sms.OtherRoute, "the recipient's number is blocked by the account's protect configuration",
	},
	string(types.ConflictExceptionReasonMessageTypeMismatch): {sms.OtherRoute, "the sender may not send such messages"},
	string(types.ConflictExceptionReasonNoOriginationIdentitiesFound): {
		sms.OtherRoute, "the account has no sender that fits",
	},
	string(types.ConflictExceptionReasonNumberCapabilitiesMismatch): {sms.OtherRoute, "the sender cannot send texts"},
	string(types.ConflictExceptionReasonRegistrationNotComplete):    {sms.OtherRoute, "the sender is not registered yet"},
	string(types.ConflictExceptionReasonResourceNotActive):          {sms.OtherRoute, "the sender is not active yet"},

	string(types.AccessDeniedExceptionReasonAccountDisabled): {sms.OtherRoute, "the account is not active"},
	string(types.AccessDeniedExceptionReasonInsufficientAccountReputation): {
		sms.OtherRoute, "the account's reputation is too low",
	},

	string(types.ServiceQuotaExceededExceptionReasonDailyDestinationCallLimit): {
		sms.OtherRoute, "the day's limit for this recipient is used up",
	},
	string(types.ServiceQuotaExceededExceptionReasonMonthlySpendLimitReachedForText): {
		sms.OtherRoute, "the account's monthly spending limit is used up",
	},

	string(types.ValidationExceptionReasonCountryNotEnabled): {
		sms.OtherRoute, "the account may not send to the recipient's country",
	},
	string(types.ValidationExceptionReasonDestinationCountryBlocked): {
		sms.OtherRoute, "the account may not send to the recipient's country",
	},
	string(types.ValidationExceptionReasonInternationalSendingNotSupported): {
		sms.OtherRoute, "the sender cannot send to other countries",
	},
	string(types.ValidationExceptionReasonInvalidIdentityForDestinationCountry): {
		sms.OtherRoute, "the sender cannot send to the recipient's country",
	},
	string(types.ValidationExceptionReasonMaximumSizeExceeded):   {sms.Permanent, "the text is too long"},
	string(types.ValidationExceptionReasonPriceOverThreshold):    {sms.OtherRoute, "the message costs more than allowed"},
	string(types.ValidationExceptionReasonResourceNotAccessible): {sms.OtherRoute, "the sender is not the account's"},
	string(types.ValidationExceptionReasonSenderIdNotRegistered): {sms.OtherRoute, "the sender id is not registered"},
	string(types.ValidationExceptionReasonSenderIdNotSupported):  {sms.OtherRoute, "no sender id is allowed in the country"},
	string(types.ValidationExceptionReasonSenderIdRequiresRegistration): {
		sms.OtherRoute, "the recipient's country wants the sender id registered first",
	},
}

// fields holds the parameters that come from the message. When one of them is not valid, no account can send it.
var fields = map[string]meaning{
	"destinationphonenumber": {sms.Permanent, "the recipient's number is not valid"},
	"messagebody":            {sms.Permanent, "the text is not valid"},
	"timetolive":             {sms.Permanent, "the validity period is out of range"},
}
