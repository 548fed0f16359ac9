package smpp

import (
	"context"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp/pdu"
)

// Probe binds the account for a moment, and takes its leave.
func (s *Sender) Probe(ctx context.Context) error {
	if s.problems != nil {
		return s.problems
	}
	c, e := s.connect(ctx, nil)
	if e == nil {
		c.request(pdu.Unbind, unbindTimeout)
		c.kill()
		return nil
	}
	switch e.Code {
	case "":
		return sms.Unreached("smpp-address", e.Reason)
	case pdu.InvalidPassword.String():
		return sms.Wrong("smpp-password", "the server does not accept it (%s)", e.Code)
	case pdu.InvalidSystemID.String():
		return sms.Wrong("smpp-system-id", "the server does not know it (%s)", e.Code)
	case pdu.InvalidType.String():
		return sms.Wrong("smpp-system-type", "the server does not accept it (%s)", e.Code)
	case pdu.BindFailed.String():
		return sms.Wrong("smpp-system-id", "the server refuses the bind (%s): name, password or the address of this "+
			"machine is wrong, or the account has as many connections as it may have", e.Code)
	case pdu.AlreadyBound.String():
		return sms.Doubtful("smpp-system-id", "the account is bound already (%s): all is well if that is this server", e.Code)
	case pdu.InvalidCommand.String():
		return sms.Wrong("smpp-address", "the server takes no bind_transceiver (%s): ask for one that does", e.Code)
	}
	return sms.Doubtful("smpp-address", "the server answered %s and could not be asked: try again later", e.Code)
}
