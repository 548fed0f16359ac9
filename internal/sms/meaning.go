package sms

// Meanings says what a provider's codes mean, in our words, by the class that follows from them.
type Meanings map[Class]map[string]string

// Explain writes what a code means into an error, where that is known, and the code in any case.
func (m Meanings) Explain(e *Error, code string) *Error {
	e.Code = code
	for class, codes := range m {
		if reason, known := codes[code]; known {
			e.Class, e.Reason = class, reason
		}
	}
	return e
}

// NotDelivered is the error for a message that was taken and did not arrive, for a reason that is not known.
func NotDelivered() *Error { return &Error{Class: OtherRoute, Reason: "the message was not delivered"} }
