package aws

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/thimble-auth/thimble/internal/httpx"
	"github.com/thimble-auth/thimble/internal/sms"
)

// asError turns an error of the library into ours, which holds nothing of the request or the answer but the code.
// Messages are dropped unread: they may repeat the recipient's number.
func asError(err error) *sms.Error {
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil || answer.Response.Response == nil {
		return &sms.Error{Class: sms.Later, Reason: httpx.Reason(err)}
	}
	e := sms.ByHTTPStatus(answer.HTTPStatusCode())
	var refused smithy.APIError
	if errors.As(err, &refused) {
		explain(e, refused)
	}
	if e.Class == sms.Later {
		e.RetryAfter = httpx.RetryAfter(answer.Response.Header)
	}
	return e
}

// explain looks the error up by its reason, by the field that was not valid, and by its name, in this order.
func explain(e *sms.Error, refused smithy.APIError) {
	reason, field := details(refused)
	code := reason
	if code == "" {
		code = refused.ErrorCode()
	}
	if code != "UnknownError" && isText(code, letters+"_", 1, 80) {
		e.Code = code
	}
	for _, m := range []meaning{reasons[reason], fields[strings.ToLower(field)], exceptions[refused.ErrorCode()]} {
		if m.class != 0 {
			e.Class, e.Reason = m.class, m.reason
			return
		}
	}
}

// details gives the reason of an error and the first field that was not valid, where the error has them.
func details(refused smithy.APIError) (reason, field string) {
	switch e := refused.(type) {
	case *types.ConflictException:
		return string(e.Reason), ""
	case *types.AccessDeniedException:
		return string(e.Reason), ""
	case *types.ServiceQuotaExceededException:
		return string(e.Reason), ""
	case *types.ValidationException:
		for _, f := range e.Fields {
			if f.Name != nil {
				field = *f.Name
				break
			}
		}
		return string(e.Reason), field
	}
	return "", ""
}
