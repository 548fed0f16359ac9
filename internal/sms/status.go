package sms

import "net/http"

// ByHTTPStatus gives the error for an answer that took no message and gave no code that is known. It never condemns a
// number: a status is as likely to come from something between us and the provider.
func ByHTTPStatus(status int) *Error {
	switch {
	case status == http.StatusTooManyRequests:
		return &Error{Class: Later, Reason: "too many requests at once"}
	case status >= 500, status == http.StatusRequestTimeout:
		return &Error{Class: Later, Reason: "an error inside the provider"}
	case status == http.StatusUnauthorized:
		return &Error{Class: OtherRoute, Reason: "the credentials are wrong"}
	case status >= 400:
		return &Error{Class: OtherRoute, Reason: "the provider refused the message"}
	}
	return NotUnderstood()
}

// NotUnderstood is the error for an answer that is not one of the provider's. The message may have been taken.
func NotUnderstood() *Error {
	return &Error{Class: Later, Reason: "the provider's answer was not understood"}
}
