package sms

import "context"

// Linked is a Sender that keeps a connection to its provider, over which reports and texts of people come as well. It
// sends nothing while Link does not run, and reads no report by HTTP.
type Linked interface {
	// Link keeps the connection until ctx ends, and makes it anew whenever it breaks. What comes goes to the desk. At the
	// end it lets answers come that are still due, for a short while, and takes its leave.
	Link(ctx context.Context, to Desk)
}

// Desk takes what comes over a connection. It is safe for concurrent use. After an error the provider is asked to bring
// the same again.
type Desk interface {
	// Reported takes a report.
	Reported(ctx context.Context, r LinkReport) error
	// Texted takes what somebody texted to the provider's number.
	Texted(ctx context.Context, h Heard) error
}

// LinkReport is a report that came over a connection. It may come over that of another process than the one that sent
// the message, and before that has learned what the provider calls it.
type LinkReport struct {
	// ID is our id of the message, where it is known; else ProviderID says which one it is.
	ID string
	// To is the number that the message was for, in E.164 form, "" where the report does not say.
	To string
	Receipt
}
